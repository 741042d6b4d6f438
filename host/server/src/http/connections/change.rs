//! `PUT`, `PATCH` and `DELETE /v1/connections/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::{json, limit};
use http::{Request, StatusCode};
use serde_json::{Map, Value};

use super::query;
use super::view::{ConnectionView, TOLD};
use crate::http::api_body;
use crate::http::app::App;
use crate::http::path_name::PathName;
use crate::http::problem::{InputError, Problem};
use crate::registry::{DeleteError, Done, Sent, SetError};

/// Makes a connection what the body says: 201 where it is new, 200 where it was there.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    PathName(id): PathName<ConnectionId>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<ConnectionView>), Problem> {
    api_body::check_is_json(request.headers())?;
    let body = app.read_body(request.into_body(), limit::API_BODY_BYTES_MAX).await?;
    set(&app, &id, Sent::Whole(members(&body, &id)?)).await
}

/// Changes a connection: by a JSON merge patch, or, without a body, by query parameters that set top-level fields of its config.
pub(crate) async fn patch(
    State(app): State<Arc<App>>,
    PathName(id): PathName<ConnectionId>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<ConnectionView>), Problem> {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let body = app.read_body(body, limit::API_BODY_BYTES_MAX).await?;
    let sent = match (body.is_empty(), query.is_empty()) {
        (true, false) => Sent::Fields(query::fields(query)?),
        (false, false) => {
            let detail = "send a body or query parameters, not both";
            return Err(Problem::invalid("", "ambiguous", detail));
        }
        (_, true) => {
            api_body::check_is_json(&parts.headers)?;
            Sent::Patch(members(&body, &id)?)
        }
    };
    set(&app, &id, sent).await
}

/// Deletes a connection: 204 when that is durable. Its id is free when everything it had is removed.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    PathName(id): PathName<ConnectionId>,
) -> Result<StatusCode, Problem> {
    let (registry, deleted) = (Arc::clone(&app.host.registry), id.clone());
    let done = app.host.in_work.spawn(async move { registry.delete(&deleted).await });
    match done.await {
        Ok(Ok(())) => Ok(StatusCode::NO_CONTENT),
        Ok(Err(error)) => Err(not_deleted(&id, error)),
        Err(error) => Err(broken(&error)),
    }
}

/// What was begun goes on when the client stops waiting.
async fn set(app: &App, id: &ConnectionId, sent: Sent) -> Result<(StatusCode, Json<ConnectionView>), Problem> {
    let (registry, set) = (Arc::clone(&app.host.registry), id.clone());
    let done = app.host.in_work.spawn(async move { registry.set(&set, sent).await });
    match done.await {
        Ok(Ok((connection, done))) => {
            let status = if done == Done::Created { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, Json(ConnectionView::from(&*connection))))
        }
        Ok(Err(error)) => Err(not_set(id, error)),
        Err(error) => Err(broken(&error)),
    }
}

/// The members of a connection's document, without those that only tell.
fn members(body: &[u8], id: &ConnectionId) -> Result<Map<String, Value>, Problem> {
    let not_json = |why: &dyn std::fmt::Display| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid-json").detail(format!("the body is not JSON: {why}"))
    };
    let text = std::str::from_utf8(body).map_err(|error| not_json(&error))?;
    if json::depth(text) > limit::JSON_DEPTH_MAX {
        let detail = format!("the body is nested more than {} levels deep", limit::JSON_DEPTH_MAX);
        return Err(Problem::invalid("", "too-deep", detail));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let Value::Object(mut members) = value else {
        return Err(Problem::invalid("", "type", "a connection is an object: plugin, config, grants, enabled"));
    };
    if members.get("id").is_some_and(|sent| sent != id.as_str()) {
        return Err(Problem::invalid("/id", "differs", format!("the path names {id}; a connection keeps its id")));
    }
    members.retain(|name, _| !TOLD.contains(&name.as_str()));
    Ok(members)
}

fn not_set(id: &ConnectionId, error: SetError) -> Problem {
    let conflict = |code: &'static str, detail: String| Problem::new(StatusCode::CONFLICT, code).detail(detail);
    match error {
        SetError::NotFound => Problem::not_found(format!("there is no connection {id}")),
        SetError::FileDefined => file_defined(id),
        SetError::Deleting => deleting(id),
        SetError::PluginDiffers(plugin) => conflict(
            "plugin-differs",
            format!("{id} is a connection of {plugin}; to make it one of another plugin, delete it first"),
        ),
        SetError::Invalid(errors) => bounded(errors),
        SetError::Unreadable(why) => conflict("connection-invalid", why),
        SetError::NoKey(why) => Problem::unavailable("unavailable", format!("configs cannot be sealed: {why}")),
        SetError::TooMany { max } => {
            conflict("too-many-connections", format!("there are {max} connections already; delete one first"))
        }
        SetError::Unavailable(error) => error.into(),
    }
}

fn not_deleted(id: &ConnectionId, error: DeleteError) -> Problem {
    match error {
        DeleteError::NotFound => Problem::not_found(format!("there is no connection {id}")),
        DeleteError::FileDefined => file_defined(id),
        DeleteError::Deleting => deleting(id),
        DeleteError::Unavailable(error) => error.into(),
    }
}

fn file_defined(id: &ConnectionId) -> Problem {
    let detail = format!("hookyard.toml defines {id}; change it there and send the host SIGHUP");
    Problem::new(StatusCode::CONFLICT, "file-defined").detail(detail)
}

/// Its id is not free yet.
pub(super) fn deleting(id: &ConnectionId) -> Problem {
    let detail = format!("{id} was deleted, and what it had is still being removed");
    Problem::new(StatusCode::CONFLICT, "connection-deleting").detail(detail).retry_after(limit::TRY_AGAIN_AFTER)
}

fn bounded(mut errors: Vec<InputError>) -> Problem {
    errors.truncate(limit::VIOLATIONS_MAX);
    Problem::invalid_input(errors)
}

pub(in crate::http) fn broken(error: &tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "changing a connection panicked");
    Problem::unavailable("unavailable", "the host failed; its log says why").retry_after(limit::TRY_AGAIN_AFTER)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id() -> ConnectionId {
        "shop".parse().expect("an id")
    }

    #[test]
    fn what_a_view_tells_may_be_sent_back() {
        let sent = json!({ "id": "shop", "health": { "status": "healthy" }, "setup": [], "plugin": "echo", "x": 1 });
        let members = members(sent.to_string().as_bytes(), &id()).expect("readable");
        assert_eq!(Value::Object(members), json!({ "plugin": "echo", "x": 1 }));
        let other = members_of(&json!({ "id": "other" }));
        assert_eq!(other["errors"][0]["pointer"], "/id");
    }

    fn members_of(sent: &Value) -> Value {
        members(sent.to_string().as_bytes(), &id()).expect_err("wrong").document()
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert_eq!(members(b"", &id()).expect_err("empty").document()["code"], "invalid-json");
        assert_eq!(members(b"\xff", &id()).expect_err("no text").document()["status"], 400);
        assert_eq!(members_of(&json!([]))["code"], "invalid-input");
        let deep = "[".repeat(limit::JSON_DEPTH_MAX + 1);
        assert_eq!(members(deep.as_bytes(), &id()).expect_err("deep").document()["errors"][0]["code"], "too-deep");
    }
}
