//! `POST` of a consent.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookyard_domain::grant::Ask;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_store::StoreError;

use super::Registry;
use crate::connections::{Connection, Wanted};

/// Why nothing was granted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsentError {
    #[error("there is no such connection")]
    NotFound,
    #[error("the connection is being deleted")]
    Deleting,
    #[error("the plugin {0} is not loaded")]
    NotLoaded(PluginName),
    /// Another version asks now: this one.
    #[error("another version asks now")]
    Moved(String),
    #[error("the store is unavailable")]
    Unavailable(#[from] StoreError),
}

impl Registry {
    /// Grants a connection what the version of its plugin asks that serves now, durably, and moves it on to that version. With
    /// `version` only if it is that one which asks. Where the version cannot use the connection's config, the connection stays on
    /// the one it has, with what that one may, until its config is changed.
    ///
    /// # Errors
    /// As [`ConsentError`] says.
    pub(crate) async fn consent(
        self: &Arc<Self>,
        id: &ConnectionId,
        version: Option<&str>,
    ) -> Result<Arc<Connection>, ConsentError> {
        let mut desired = self.desired.lock().await;
        if desired.lives.get(id).is_some_and(|life| life.deleting) {
            return Err(ConsentError::Deleting);
        }
        let wanted = desired.wanted(id).ok_or(ConsentError::NotFound)?;
        let name = wanted.settings.plugin.clone();
        let catalogue = self.parts.plugins.catalogue();
        let plugin = catalogue.get(&name).ok_or_else(|| ConsentError::NotLoaded(name.clone()))?;
        if version.is_some_and(|version| version != plugin.manifest.version) {
            return Err(ConsentError::Moved(plugin.manifest.version.clone()));
        }
        let now = self.parts.clock.now();
        let mut ask = Ask::of(&plugin.manifest);
        let build = |ask: &Ask| self.parts.builder.build(&catalogue, &Wanted { consented: Some(ask), ..wanted }, now).0;
        let mut connection = build(&ask);
        if let Some(before) = wanted.consented.filter(|_| connection.pending.is_some()) {
            ask = ask.together(before);
            connection = build(&ask);
        }
        self.grant(&mut desired, BTreeMap::from([(id.clone(), (name, ask))])).await?;
        self.settle(&mut desired, std::iter::once(&connection)).await?;
        self.show([(id.clone(), Some(connection))]);
        tracing::info!(connection = %id, plugin = %plugin.manifest.plugin(), "the operator consented to what the plugin asks");
        self.connections.get(id).ok_or(ConsentError::NotFound)
    }
}
