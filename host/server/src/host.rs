//! What a running host consists of; every request handler gets a reference to it.

use std::sync::Arc;

use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_store::Store;

use crate::actions::Actions;
use crate::clockwork::Clockwork;
use crate::config::Settings;
use crate::connections::Connections;
use crate::dispatcher::Dispatcher;
use crate::in_work::InWork;
use crate::inbox::Inbox;
use crate::invocations::Invocations;
use crate::lifecycle::Lifecycle;
use crate::pipeline::Pipeline;
use crate::plugins::Plugins;
use crate::registry::Registry;
use crate::subscriptions::Subscriptions;
use crate::tail::Tail;
use crate::telemetry::metrics::Metrics;
use crate::timers::Timers;

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
    /// The newest events, read once for all who follow them.
    pub tail: Arc<Tail>,
    /// What was loaded from the plugin directory.
    pub plugins: Arc<Plugins>,
    /// The connections, right and wrong ones.
    pub connections: Arc<Connections>,
    /// Changes them.
    pub registry: Arc<Registry>,
    /// The way of a webhook.
    pub pipeline: Arc<Pipeline>,
    /// The way of an action.
    pub actions: Arc<Actions>,
    /// Fires timers.
    pub timers: Arc<Timers>,
    /// What was accepted and is not handled yet.
    pub inbox: Arc<Inbox>,
    /// Takes events to where subscriptions want them.
    pub dispatcher: Arc<Dispatcher>,
    /// The subscriptions, right and wrong ones.
    pub subscriptions: Arc<Subscriptions>,
    /// Runs what is due.
    pub clockwork: Clockwork,
    /// Activates connections.
    pub lifecycle: Arc<Lifecycle>,
    /// What goes on although nobody may be waiting for it.
    pub in_work: Arc<InWork>,
    /// The most recent invocations.
    pub invocations: Arc<Invocations>,
    /// Counters and histograms.
    pub metrics: Arc<Metrics>,
}
