//! The connections of a host: record, plugin, config, rules and health in one snapshot.

mod build;
mod condition;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hookyard_capability::Outbound;
use hookyard_domain::commit::Owner;
use hookyard_domain::config::Config;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::grant::Grant;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::invocation::InvocationLimits;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::manifest::webhook::WebhookRules;
use hookyard_domain::signature::Verifier;
use tokio::sync::Semaphore;

pub use build::{Builder, Consented};
pub(crate) use condition::Condition;

use crate::plugins::Plugin;

/// One connection. `ready` is absent while it is invalid or disabled.
#[derive(Debug)]
pub struct Connection {
    /// Chosen by the operator.
    pub id: ConnectionId,
    /// Which of the lives of its id this is.
    pub incarnation: Incarnation,
    /// The key of that life: everything that is hashed for this connection is hashed with it.
    pub hash_key: HashKey,
    /// The plugin that it names, loaded or not.
    pub plugin_name: PluginName,
    /// Whether the operator wants it to work.
    pub enabled: bool,
    /// The config with secrets replaced by `{"set": true}`; `null` while it cannot be read.
    pub redacted_config: serde_json::Value,
    /// What the operator granted beyond what the plugin asks.
    pub grant: Grant,
    /// What the plugin asks and what of it was consented to.
    pub consented: Consented,
    /// Where the provider sends its webhooks.
    pub webhook_url: String,
    /// What it works with.
    pub ready: Option<Ready>,
    pub(crate) condition: Condition,
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
    /// What it may send, and with which secrets.
    pub outbound: Arc<Outbound>,
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

/// All connections of a host. Who has got hold of one keeps it as it was, also when it is replaced.
#[derive(Debug, Default)]
pub struct Connections(ArcSwap<BTreeMap<ConnectionId, Arc<Connection>>>);

impl Connection {
    /// Whose commits are its own: the connection in this life.
    pub(crate) fn owner(&self) -> Owner {
        Owner::Connection { id: self.id.clone(), incarnation: self.incarnation }
    }
}

impl Connections {
    /// The connection with this id.
    pub fn get(&self, id: &ConnectionId) -> Option<Arc<Connection>> {
        self.0.load().get(id).cloned()
    }

    /// All, by id.
    pub fn all(&self) -> Vec<Arc<Connection>> {
        self.0.load().values().cloned().collect()
    }

    /// Puts a connection in the place of the one with the same id.
    pub(crate) fn replace(&self, connection: &Arc<Connection>) {
        self.0.rcu(|connections| {
            let mut connections = BTreeMap::clone(connections);
            if let Some(old) = connections.insert(connection.id.clone(), Arc::clone(connection)) {
                old.retire();
            }
            connections
        });
    }
}

impl FromIterator<Connection> for Connections {
    fn from_iter<I: IntoIterator<Item = Connection>>(connections: I) -> Self {
        let connections = connections.into_iter().map(|connection| (connection.id.clone(), Arc::new(connection)));
        Self(ArcSwap::from_pointee(connections.collect()))
    }
}
