//! A connection on the wire.

use hookyard_domain::connection::Health;
use hookyard_domain::id::{ConnectionId, PluginName};
use serde::Serialize;
use serde_json::Value;

use crate::connections::{Connection, Origin};
use crate::registry;

/// A connection as clients see it. Its secrets read `{"set": true}`. `plugin`, `config`, `grants` and `enabled` may be sent back as
/// they are; the other members tell ([`TOLD`]).
#[derive(Debug, Serialize)]
pub(crate) struct ConnectionView {
    id: ConnectionId,
    plugin: PluginName,
    /// The version that it works with, while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin_version: Option<String>,
    /// `file` or `api`: who may change it.
    origin: &'static str,
    enabled: bool,
    config: Value,
    /// What the operator granted beyond what the plugin asks: `"as-asked"` where that is nothing.
    grants: Value,
    /// What it may reach: what the plugin asks and may have, and what the operator granted beyond.
    may_reach: Vec<String>,
    /// What the version that serves asks beyond what was consented to.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_consent: Option<String>,
    /// Why the version that serves cannot use the config.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_config: Option<String>,
    /// The version that serves, where the connection stays on another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_version: Option<String>,
    health: Health,
    /// Absent when its plugin takes no webhooks; there while that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
    /// What is left to do by hand, as its plugin said when it was last activated.
    setup: Vec<String>,
}

/// Members that only tell. Who sends them back changes nothing with them.
pub(super) const TOLD: [&str; 10] = [
    "id",
    "plugin_version",
    "origin",
    "may_reach",
    "needs_consent",
    "needs_config",
    "pending_version",
    "health",
    "webhook_url",
    "setup",
];

impl From<&Connection> for ConnectionView {
    fn from(connection: &Connection) -> Self {
        let works_with = connection.prepared.as_ref();
        let takes_webhooks = works_with.is_none_or(|ready| ready.webhook.is_some());
        let asked = connection.consented.held.hosts.iter().cloned();
        let granted = connection.grant.hosts.iter().map(ToString::to_string);
        let pending = connection.pending.as_ref();
        let beyond = pending.map_or(&connection.consented.beyond, |pending| &pending.beyond);
        let faults = pending.map(|pending| pending.faults.join("; "));
        Self {
            id: connection.id.clone(),
            plugin: connection.plugin_name.clone(),
            plugin_version: works_with.map(|ready| ready.plugin.manifest.version.clone()),
            origin: match connection.origin {
                Origin::File => "file",
                Origin::Api => "api",
            },
            enabled: connection.enabled,
            config: connection.redacted_config.clone(),
            grants: registry::grants_to_json(&connection.grant),
            may_reach: asked.chain(granted).collect(),
            needs_consent: (!beyond.is_empty()).then(|| beyond.to_string()),
            needs_config: faults.filter(|faults| !faults.is_empty()),
            pending_version: pending.map(|pending| pending.version.version.clone()),
            health: Health::clone(&connection.health()),
            setup: connection.setup().to_vec(),
            webhook_url: takes_webhooks.then(|| connection.webhook_url.clone()),
        }
    }
}
