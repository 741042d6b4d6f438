//! `GET /v1/connections`, `GET /v1/connections/{id}` `POST /v1/connections/{id}/check` and `…/consent`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use hookyard_domain::connection::Health;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::limit;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::app::App;
use super::path_name::PathName;
use super::problem::Problem;
use crate::connections::Connection;
use crate::host::Host;
use crate::lifecycle::NotChecked;

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
    /// What its plugin asks beyond what was consented to, and does without.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_consent: Option<String>,
    health: Health,
    /// Absent when its plugin takes no webhooks; there while that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
    /// What is left to do by hand, as its plugin said when it was last activated.
    setup: Vec<String>,
}

#[derive(Debug, Serialize)]
struct GrantView {
    /// What the plugin asks and may have, and what the operator granted beyond.
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
    Json(ConnectionList { connections: host.connections.all().iter().map(|connection| view(connection)).collect() })
}

/// One connection.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathName(id): PathName<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    find(&host, &id).map(|connection| Json(view(&connection)))
}

/// Activates a connection again. The answer says how it is doing now, whatever that is.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    PathName(id): PathName<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    let connection = find(&app.host, &id)?;
    let checked = tokio::select! {
        checked = app.host.lifecycle.check(&connection) => checked,
        () = app.drain.begun() => return Err(Problem::unavailable("stopping", "the host is stopping")),
    };
    match checked {
        Ok(()) => Ok(Json(view(&connection))),
        Err(NotChecked) => {
            let problem = Problem::unavailable("overloaded", NotChecked.to_string());
            Err(problem.retry_after(limit::TRY_AGAIN_AFTER))
        }
    }
}

/// Grants a connection what its plugin asks now, from now on.
pub(crate) async fn consent(
    State(host): State<Arc<Host>>,
    PathName(id): PathName<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    let before = find(&host, &id)?;
    let consented = host.registry.consent(&id).await.map_err(|error| {
        tracing::error!(connection = %id, error = format!("{error:#}"), "a consent cannot be written down");
        Problem::unavailable("unavailable", "the host's store is unavailable; its log says why")
    })?;
    let connection = consented.ok_or_else(|| {
        let detail = format!("plugin {} is not loaded, so that it asks for nothing", before.plugin_name);
        Problem::new(StatusCode::CONFLICT, "connection-invalid").detail(detail)
    })?;
    Ok(Json(view(&connection)))
}

/// The connection of this id.
///
/// # Errors
/// 404.
pub(super) fn find(host: &Host, id: &ConnectionId) -> Result<Arc<Connection>, Problem> {
    host.connections.get(id).ok_or_else(|| Problem::not_found(format!("there is no connection {id}")))
}

fn view(connection: &Connection) -> ConnectionView {
    let ready = connection.ready.as_ref();
    let takes_webhooks = ready.is_none_or(|ready| ready.webhook.is_some());
    let asked = connection.consented.held.hosts.iter().cloned();
    let granted = connection.grant.hosts.iter().map(ToString::to_string);
    ConnectionView {
        id: connection.id.clone(),
        plugin: connection.plugin_name.clone(),
        plugin_version: ready.map(|ready| ready.plugin.manifest.version.clone()),
        enabled: connection.enabled,
        config: connection.redacted_config.clone(),
        grants: GrantView {
            hosts: asked.chain(granted).collect(),
            allow_unsigned: connection.grant.allow_unsigned,
            private_addresses: connection.grant.private_addresses.iter().map(ToString::to_string).collect(),
        },
        needs_consent: (!connection.consented.beyond.is_empty()).then(|| connection.consented.beyond.to_string()),
        health: Health::clone(&connection.health()),
        setup: connection.setup().to_vec(),
        webhook_url: takes_webhooks.then(|| connection.webhook_url.clone()),
    }
}
