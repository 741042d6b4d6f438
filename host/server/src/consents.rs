//! What the operator consented to: what a connection's plugin asked when it was first activated, and was written down then.

use std::collections::BTreeMap;

use anyhow::Context as _;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::grant::Ask;
use hookyard_domain::id::ConnectionId;
use hookyard_store::{Consent, Store};

use crate::config::ConnectionSettings;
use crate::plugins::Plugin;

/// The consents of these connections. A consent given to another plugin counts for nothing.
///
/// # Errors
/// The store cannot be read, or holds what is none.
pub(crate) async fn read(
    store: &dyn Store,
    connections: &BTreeMap<ConnectionId, ConnectionSettings>,
) -> anyhow::Result<BTreeMap<ConnectionId, Ask>> {
    let mut asks = BTreeMap::new();
    for (id, settings) in connections {
        let consent = store.consent(id).await.with_context(|| format!("cannot read what {id} was granted"))?;
        if let Some(consent) = consent.filter(|consent| consent.plugin == settings.plugin) {
            let ask = serde_json::from_str(&consent.asked);
            asks.insert(id.clone(), ask.with_context(|| format!("cannot understand what {id} was granted"))?);
        }
    }
    Ok(asks)
}

/// Writes down that a connection may have what its plugin asks; durable on return.
///
/// # Errors
/// The store cannot write.
pub(crate) async fn record(
    store: &dyn Store,
    connection: &ConnectionId,
    plugin: &Plugin,
    at: Timestamp,
) -> anyhow::Result<()> {
    let asked = serde_json::to_string(&Ask::of(&plugin.manifest)).context("an ask is plain JSON")?;
    let consent = Consent { connection: connection.clone(), plugin: plugin.manifest.name.clone(), asked, at };
    store.record_consent(consent).await.with_context(|| format!("cannot write down what {connection} was granted"))
}
