//! What a running host consists of; every request handler gets a reference to it.

use std::sync::Arc;

use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::grant::Ask;
use hookyard_domain::id::ConnectionId;
use hookyard_store::Store;

use crate::actions::Actions;
use crate::config::Settings;
use crate::connections::{Builder, Connection, Connections};
use crate::consents;
use crate::in_work::InWork;
use crate::invocations::Invocations;
use crate::lifecycle::Lifecycle;
use crate::pipeline::Pipeline;
use crate::plugins::Plugins;
use crate::telemetry::metrics::Metrics;

/// A host's parts. Made by [`crate::compose`] alone.
pub struct Host {
    /// What the operator configured.
    pub settings: Settings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The durable state.
    pub store: Arc<dyn Store>,
    /// What was loaded from the plugin directory.
    pub plugins: Plugins,
    /// Makes connections of what the operator configured.
    pub builder: Builder,
    /// The connections, right and wrong ones.
    pub connections: Connections,
    /// The way of a webhook.
    pub pipeline: Arc<Pipeline>,
    /// The way of an action.
    pub actions: Arc<Actions>,
    /// Activates connections.
    pub lifecycle: Arc<Lifecycle>,
    /// What goes on although nobody may be waiting for it.
    pub in_work: Arc<InWork>,
    /// The most recent invocations.
    pub invocations: Arc<Invocations>,
    /// Counters and histograms.
    pub metrics: Arc<Metrics>,
}

impl Host {
    /// Grants a connection what its plugin asks now, durably, and lets it work with that from now on. `None`: there is no such
    /// connection, or none whose plugin is loaded.
    ///
    /// # Errors
    /// The store cannot write; nothing has changed.
    pub(crate) async fn consent(&self, id: &ConnectionId) -> anyhow::Result<Option<Arc<Connection>>> {
        let Some(settings) = self.settings.connections.get(id) else { return Ok(None) };
        let Some(plugin) = self.plugins.get(&settings.plugin) else { return Ok(None) };
        let now = self.clock.now();
        consents::record(&*self.store, id, plugin, now).await?;
        let asked = Ask::of(&plugin.manifest);
        let (connection, _problems) = self.builder.build(&self.plugins, id, settings, Some(&asked), now);
        let connection = Arc::new(connection);
        self.connections.replace(&connection);
        self.lifecycle.begin(&connection);
        tracing::info!(connection = %id, plugin = %plugin.manifest.plugin(), "the operator consented to what the plugin asks");
        Ok(Some(connection))
    }
}
