//! The one place that changes connections while the host runs: each change is durable before it shows.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use hookyard_domain::clock::Clock;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::grant::Ask;
use hookyard_domain::id::ConnectionId;
use hookyard_store::Store;

use crate::config::ConnectionSettings;
use crate::connections::{Builder, Connection, Connections};
use crate::consents;
use crate::lifecycle::Lifecycle;
use crate::plugins::Plugins;

/// What is wanted of connections, and the connections that come of it.
pub struct Registry {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) plugins: Arc<Plugins>,
    /// Makes connections of what the operator configured.
    pub(crate) builder: Builder,
    /// What hookyard.toml defines.
    pub(crate) defined: BTreeMap<ConnectionId, ConnectionSettings>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) lifecycle: Arc<Lifecycle>,
}

impl Registry {
    /// Grants a connection what its plugin asks now, durably, and lets it work with that from now on. `None`: there is no such
    /// connection, or none whose plugin is loaded.
    ///
    /// # Errors
    /// The store cannot write; nothing has changed.
    pub(crate) async fn consent(&self, id: &ConnectionId) -> anyhow::Result<Option<Arc<Connection>>> {
        let Some(settings) = self.defined.get(id) else { return Ok(None) };
        let catalogue = self.plugins.catalogue();
        let Some(plugin) = catalogue.get(&settings.plugin) else { return Ok(None) };
        let now = self.clock.now();
        consents::record(&*self.store, id, plugin, now).await?;
        let asked = Ask::of(&plugin.manifest);
        let (connection, _problems) =
            self.builder.build(&catalogue, id, Incarnation::default(), settings, Some(&asked), now);
        let connection = Arc::new(connection);
        self.connections.replace(&connection);
        self.lifecycle.begin(&connection);
        tracing::info!(connection = %id, plugin = %plugin.manifest.plugin(), "the operator consented to what the plugin asks");
        Ok(Some(connection))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("connections", &self.connections).finish_non_exhaustive()
    }
}
