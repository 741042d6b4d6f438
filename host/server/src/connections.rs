//! The connections of a host: record, plugin, config, rules and health in one snapshot.

mod build;
mod choose;
mod condition;
mod consented;
mod fault;
mod hint;
mod succession;
mod telling;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hookyard_capability::Outbound;
use hookyard_domain::commit::Owner;
use hookyard_domain::config::Config;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::grant::{Ask, Grant};
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::invocation::InvocationLimits;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::manifest::webhook::WebhookRules;
use hookyard_domain::plugin::{ContentHash, PluginVersion};
use hookyard_domain::signature::Verifier;
use tokio::sync::Semaphore;

pub use build::{Builder, Wanted};
pub(crate) use condition::Condition;
pub use consented::Consented;
pub use fault::Fault;

use crate::plugins::Plugin;

/// Who defines a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// hookyard.toml.
    File,
    /// A client of the API.
    Api,
}

/// A version of its plugin that a connection does not move on to before the operator has seen to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The version.
    pub version: PluginVersion,
    /// Its content.
    pub content: ContentHash,
    /// What it asks beyond what was consented to.
    pub beyond: Ask,
    /// Why it cannot use the config, each with its place.
    pub faults: Vec<String>,
}

/// One connection. `ready` is absent while it is invalid or disabled.
#[derive(Debug)]
pub struct Connection {
    /// Chosen by the operator.
    pub id: ConnectionId,
    /// Which of the lives of its id this is.
    pub incarnation: Incarnation,
    /// The key of that life: everything that is hashed for this connection is hashed with it.
    pub hash_key: HashKey,
    /// Who defines it.
    pub origin: Origin,
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
    /// What keeps it from the version of its plugin that serves others.
    pub pending: Option<Pending>,
    /// Where the provider sends its webhooks.
    pub webhook_url: String,
    /// What it works with.
    pub ready: Option<Arc<Ready>>,
    /// The same, also while it is disabled.
    pub prepared: Option<Arc<Ready>>,
    pub(crate) condition: Arc<Condition>,
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
    /// How much of that may be taken by what runs by itself, webhooks of the inbox and timers: the rest is left to webhooks that
    /// arrive and to actions, for which somebody waits.
    pub by_itself: usize,
    /// How much of it may be taken by deliveries to its actions, so that neither they nor what runs by itself, nor both of them, take
    /// what is left to others.
    pub for_deliveries: Semaphore,
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

    /// Puts all of these in the place of those with the same ids, or takes those away, in one step: nobody sees some of it.
    pub(crate) fn replace_all(&self, changes: impl IntoIterator<Item = (ConnectionId, Option<Arc<Connection>>)>) {
        let mut connections = BTreeMap::clone(&self.0.load());
        let mut ended = Vec::new();
        for (id, connection) in changes {
            let goes_on = connection.clone();
            let old = match connection {
                Some(connection) => connections.insert(id, connection),
                None => connections.remove(&id),
            };
            let same = |old: &Arc<Connection>| goes_on.is_some_and(|new| Arc::ptr_eq(&new.condition, &old.condition));
            ended.extend(old.filter(|old| !same(old)));
        }
        self.0.store(Arc::new(connections));
        ended.iter().for_each(|connection| connection.retire());
    }
}

impl FromIterator<Connection> for Connections {
    fn from_iter<I: IntoIterator<Item = Connection>>(connections: I) -> Self {
        let connections = connections.into_iter().map(|connection| (connection.id.clone(), Arc::new(connection)));
        Self(ArcSwap::from_pointee(connections.collect()))
    }
}
