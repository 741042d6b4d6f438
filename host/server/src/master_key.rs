//! The key under which the host seals what it keeps of secrets.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use hookyard_capability::sealing::MasterKey;
use hookyard_domain::entropy::Entropy;
use hookyard_store::Store;

/// The file of the data directory that holds it.
const FILE: &str = "master.key";

/// The key, or why there is none, in a text for the operator.
pub(crate) type Sealing = Result<Arc<MasterKey>, String>;

/// Opens the key of a data directory; makes one, as long as nothing is stored that another key may have sealed. Where that fails, the
/// reason is logged and kept: what is sealed cannot be read then, and everything else works.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn open(data: &Path, store: &dyn Store, entropy: &dyn Entropy) -> anyhow::Result<Sealing> {
    let connections = store.connection_records().await.context("cannot read the connections")?;
    let subscriptions = store.subscription_records().await.context("cannot read the subscriptions")?;
    let is_sealed = subscriptions.iter().any(|record| record.definition.is_some() || record.secrets.is_some());
    let has_rotated = store.holds_rotated_token().await.context("cannot read the fetched tokens")?;
    let may_create = connections.is_empty() && !is_sealed && !has_rotated;
    let key = MasterKey::open_or_create(&data.join(FILE), entropy, may_create).map_err(|error| {
        // It names the file.
        let text = match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        tracing::error!(
            "connections and subscriptions of the API, and fetched tokens, cannot be read or changed: {text}"
        );
        text
    });
    Ok(key.map(Arc::new))
}
