//! The connections of a host: record, plugin, config, rules and health in one snapshot.

mod build;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::config::Config;
use hookyard_domain::connection::{Grant, Health, HealthStatus};
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::invocation::{InvocationLimits, PluginError};
use hookyard_domain::manifest::webhook::WebhookRules;
use hookyard_domain::signature::Verifier;
use tokio::sync::Semaphore;

pub use build::Builder;

use crate::plugins::Plugin;

/// One connection. `ready` is absent while it is invalid or disabled.
#[derive(Debug)]
pub struct Connection {
    /// Chosen by the operator.
    pub id: ConnectionId,
    /// The plugin that it names, loaded or not.
    pub plugin_name: PluginName,
    /// Whether the operator wants it to work.
    pub enabled: bool,
    /// The config with secrets replaced by `{"set": true}`; `null` while it cannot be read.
    pub redacted_config: serde_json::Value,
    /// What was granted.
    pub grant: Grant,
    /// Where the provider sends its webhooks.
    pub webhook_url: String,
    /// What it works with.
    pub ready: Option<Ready>,
    health: ArcSwap<Health>,
}

/// What a working connection works with.
#[derive(Debug)]
pub struct Ready {
    /// The plugin at the version that serves this connection.
    pub plugin: Arc<Plugin>,
    /// The config, with its secrets.
    pub config: Config,
    /// The config as the guest sees it.
    pub guest_config: Arc<str>,
    /// Webhook rules and their verifier; absent when the plugin takes no webhooks.
    pub webhook: Option<WebhookEntry>,
    /// Bounds of one invocation.
    pub limits: InvocationLimits,
    /// Invocations that it may have running: its share of the host's, so that a flood at one connection leaves room for others.
    pub share: Semaphore,
}

/// How webhooks come in.
#[derive(Debug)]
pub struct WebhookEntry {
    /// The rules: of the manifest, or of the operator.
    pub rules: WebhookRules,
    /// What checks them.
    pub verifier: Verifier,
    /// Largest body in bytes.
    pub body_bytes_max: u64,
}

impl Connection {
    /// How it is doing. This never gates webhooks.
    pub fn health(&self) -> Arc<Health> {
        self.health.load_full()
    }

    /// The provider refused the credentials: unhealthy from now on, until something succeeds.
    pub(crate) fn refused(&self, error: &PluginError, now: Timestamp) {
        tracing::warn!(connection = %self.id, code = ?error.code, message = ?error.message, "connection unhealthy");
        self.health.store(Arc::new(Health {
            status: HealthStatus::Unhealthy,
            code: Some(error.code.clone()),
            message: Some(error.message.clone()),
            since: now,
        }));
    }

    /// An invocation succeeded.
    pub(crate) fn succeeded(&self, now: Timestamp) {
        if self.health.load().status == HealthStatus::Unhealthy {
            tracing::info!(connection = %self.id, "connection recovered");
            self.health.store(Arc::new(Health {
                status: HealthStatus::Healthy,
                code: None,
                message: None,
                since: now,
            }));
        }
    }
}

/// All connections of a host.
#[derive(Debug, Default)]
pub struct Connections(BTreeMap<ConnectionId, Arc<Connection>>);

impl Connections {
    /// The connection with this id.
    pub fn get(&self, id: &ConnectionId) -> Option<&Arc<Connection>> {
        self.0.get(id)
    }

    /// All, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.0.values()
    }
}

impl FromIterator<Connection> for Connections {
    fn from_iter<I: IntoIterator<Item = Connection>>(connections: I) -> Self {
        Self(connections.into_iter().map(|connection| (connection.id.clone(), Arc::new(connection))).collect())
    }
}
