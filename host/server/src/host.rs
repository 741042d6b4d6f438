//! What a running host consists of; every request handler gets a reference to it.

use std::sync::Arc;

use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_store::Store;

use crate::config::Settings;
use crate::connections::Connections;
use crate::invocations::Invocations;
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
    /// The connections, right and wrong ones.
    pub connections: Connections,
    /// The way of a webhook.
    pub pipeline: Arc<Pipeline>,
    /// The most recent invocations.
    pub invocations: Arc<Invocations>,
    /// Counters and histograms.
    pub metrics: Arc<Metrics>,
}
