//! What the operator consented to: what a connection's plugin asked when it was first activated, and was written down then.

use std::collections::BTreeMap;

use anyhow::Context as _;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::grant::Ask;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_store::{Consent, Store, StoreError};

/// All consents, each with the plugin that asked: given to another one it counts for nothing.
///
/// # Errors
/// The store cannot be read, or holds what is none.
pub(crate) async fn read(store: &dyn Store) -> anyhow::Result<BTreeMap<ConnectionId, (PluginName, Ask)>> {
    let consents = store.consents().await.context("cannot read what connections were granted")?;
    let consents = consents.into_iter().map(|Consent { connection, plugin, asked, .. }| {
        let ask = serde_json::from_str(&asked);
        let ask = ask.with_context(|| format!("cannot understand what {connection} was granted"))?;
        Ok((connection, (plugin, ask)))
    });
    consents.collect()
}

/// Writes down what connections of these plugins may have; durable on return.
///
/// # Errors
/// The store cannot write.
pub(crate) async fn record(
    store: &dyn Store,
    asked: &BTreeMap<ConnectionId, (PluginName, Ask)>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let consents = asked.iter().map(|(connection, (plugin, ask))| {
        let asked = serde_json::to_string(ask).expect("an ask is plain JSON");
        Consent { connection: connection.clone(), plugin: plugin.clone(), asked, at }
    });
    store.record_consents(consents.collect()).await
}
