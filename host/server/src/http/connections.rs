//! `GET /v1/connections` and `GET /v1/connections/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use hookyard_domain::connection::{Grant, Health};
use hookyard_domain::id::{ConnectionId, PluginName};
use serde::Serialize;
use serde_json::Value;

use super::path_name::PathName;
use super::problem::Problem;
use crate::connections::Connection;
use crate::host::Host;

/// A connection on the wire. Its secrets read `{"set": true}`.
#[derive(Debug, Serialize)]
pub(crate) struct ConnectionView {
    id: ConnectionId,
    plugin: PluginName,
    /// The version that serves it, while one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin_version: Option<String>,
    enabled: bool,
    config: Value,
    grants: GrantView,
    health: Health,
    /// Absent when its plugin takes no webhooks; there while that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
}

#[derive(Debug, Serialize)]
struct GrantView {
    hosts: Vec<String>,
    allow_unsigned: bool,
    private_addresses: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ConnectionList {
    connections: Vec<ConnectionView>,
}

/// All connections, by id.
pub(crate) async fn list(State(host): State<Arc<Host>>) -> Json<ConnectionList> {
    Json(ConnectionList { connections: host.connections.iter().map(|connection| view(connection)).collect() })
}

/// One connection.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathName(id): PathName<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    find(&host, &id).map(|connection| Json(view(&connection)))
}

/// The connection of this id.
///
/// # Errors
/// 404.
pub(super) fn find(host: &Host, id: &ConnectionId) -> Result<Arc<Connection>, Problem> {
    host.connections.get(id).map(Arc::clone).ok_or_else(|| Problem::not_found(format!("there is no connection {id}")))
}

fn view(connection: &Connection) -> ConnectionView {
    let ready = connection.ready.as_ref();
    let takes_webhooks = ready.is_none_or(|ready| ready.webhook.is_some());
    let Grant { hosts, allow_unsigned, private_addresses } = connection.grant.clone();
    ConnectionView {
        id: connection.id.clone(),
        plugin: connection.plugin_name.clone(),
        plugin_version: ready.map(|ready| ready.plugin.manifest.version.clone()),
        enabled: connection.enabled,
        config: connection.redacted_config.clone(),
        grants: GrantView { hosts, allow_unsigned, private_addresses },
        health: Health::clone(&connection.health()),
        webhook_url: takes_webhooks.then(|| connection.webhook_url.clone()),
    }
}
