//! `/v1/connections`: what there is, `check` and `consent`; changes stand in [`change`].

pub(crate) mod change;
mod query;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};

use super::app::App;
use super::path_name::PathName;
use super::problem::Problem;
use crate::connections::Connection;
use crate::host::Host;
use crate::lifecycle::NotChecked;
use crate::registry::ConsentError;
use view::ConnectionView;

#[derive(Debug, Serialize)]
pub(crate) struct ConnectionList {
    connections: Vec<ConnectionView>,
}

/// All connections, by id.
pub(crate) async fn list(State(host): State<Arc<Host>>) -> Json<ConnectionList> {
    Json(ConnectionList {
        connections: host.connections.all().iter().map(|connection| ConnectionView::from(&**connection)).collect(),
    })
}

/// One connection.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathName(id): PathName<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    let connection = host.connections.get(&id).ok_or_else(|| not_found(&id))?;
    Ok(Json(ConnectionView::from(&*connection)))
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
        Ok(()) => Ok(Json(ConnectionView::from(&*connection))),
        Err(NotChecked) => {
            let problem = Problem::unavailable("overloaded", NotChecked.to_string());
            Err(problem.retry_after(limit::TRY_AGAIN_AFTER))
        }
    }
}

/// Whose ask the operator has seen.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentRequest {
    version: Option<String>,
}

/// Grants a connection what its plugin asks now, from now on. The body may be empty, or name the version that is meant to ask.
pub(crate) async fn consent(
    State(app): State<Arc<App>>,
    PathName(id): PathName<ConnectionId>,
    request: Request<Body>,
) -> Result<Json<ConnectionView>, Problem> {
    let ConsentRequest { version } = app.read_json_or_nothing(request).await?;
    let (registry, granted) = (Arc::clone(&app.host.registry), id.clone());
    let done = app.host.in_work.spawn(async move { registry.consent(&granted, version.as_deref()).await });
    match done.await {
        Ok(Ok(connection)) => Ok(Json(ConnectionView::from(&*connection))),
        Ok(Err(error)) => Err(not_granted(&id, error)),
        Err(error) => Err(change::broken(&error)),
    }
}

fn not_granted(id: &ConnectionId, error: ConsentError) -> Problem {
    match error {
        ConsentError::NotFound => Problem::not_found(format!("there is no connection {id}")),
        ConsentError::Deleting => change::deleting(id),
        ConsentError::NotLoaded(plugin) => {
            let detail = format!("plugin {plugin} is not loaded, so that it asks for nothing");
            Problem::new(StatusCode::CONFLICT, "connection-invalid").detail(detail)
        }
        ConsentError::Moved(version) => {
            let detail = format!("version {version} asks now; look at what it asks first");
            Problem::new(StatusCode::CONFLICT, "version-moved").detail(detail)
        }
        ConsentError::Unavailable(error) => error.into(),
    }
}

/// The connection of this id, for those who want something of it.
///
/// # Errors
/// 404, and 409 while what a deleted connection of this id had is still being removed.
pub(super) fn find(host: &Host, id: &ConnectionId) -> Result<Arc<Connection>, Problem> {
    host.connections.get(id).ok_or_else(|| match host.registry.is_deleting(id) {
        true => change::deleting(id),
        false => not_found(id),
    })
}

fn not_found(id: &ConnectionId) -> Problem {
    Problem::not_found(format!("there is no connection {id}"))
}
