//! Feedbot on the wire: who may call, what a call must hold, and what is answered.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Shared;
use crate::answer::Answer;
use crate::locked;
use crate::provider::Received;

/// Something is missing.
const MISSING_PARAMS: u16 = 2;
/// The token is none.
const USER_NOT_AUTHORIZED: u16 = 99;

/// Which of the two hosts is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// Where messages are queued.
    Queue,
    /// Where their status is asked for.
    Status,
}

pub(super) fn router(state: Arc<Shared>, door: Door) -> Router {
    Router::new().fallback(call).with_state((state, door))
}

async fn call(State((state, door)): State<(Arc<Shared>, Door)>, request: Request) -> Response {
    let Some((request, fault)) = state.traffic.take(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let _question = match door {
        Door::Queue => None,
        Door::Status => Some(state.questions.enter().await),
    };
    let respond = || respond(&state, door, &request);
    match fault {
        None => respond().into_response(),
        Some(fault) => fault.answer(&request.headers, respond, Answer::page).await,
    }
}

fn respond(state: &Shared, door: Door, request: &Received) -> Answer {
    let is_authorized =
        request.headers.get("auth").is_some_and(|token| token.as_bytes() == locked(&state.token).as_bytes());
    match (door, request.method.as_str(), request.path.as_str()) {
        (Door::Queue, "POST", "/") | (Door::Status, "GET", "/") if !is_authorized => error(state, USER_NOT_AUTHORIZED),
        (Door::Queue, "POST", "/") => queue(state, &request.body),
        (Door::Status, "GET", "/") => status(state, &request.query),
        _ => Answer::page(404),
    }
}

fn queue(state: &Shared, body: &[u8]) -> Answer {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let Some(ids) = locked(&state.queue).take(&messages) else { return error(state, MISSING_PARAMS) };
    state.changes.send_modify(|queued| *queued += ids.len());
    Answer::text(200, "application/json; charset=utf-8", locked(&state.style).accepted(&ids))
}

fn status(state: &Shared, query: &str) -> Answer {
    let id =
        url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "id").map(|(_, id)| id.into_owned());
    let found = id.and_then(|id| locked(&state.queue).find(&id).cloned());
    let Some(message) = found else { return error(state, MISSING_PARAMS) };
    let is_text = locked(&state.style).status_is_text;
    let status = if is_text { json!(message.status.to_string()) } else { json!(message.status) };
    Answer::json(200, &json!({ "errorCode": null, "success": true, "status": status, "reason": message.reason }))
}

fn error(state: &Shared, code: u16) -> Answer {
    let style = locked(&state.style);
    let status = match code {
        _ if style.errors_are_200 => 200,
        USER_NOT_AUTHORIZED => 401,
        _ => 400,
    };
    let code = style.codes.write(code);
    Answer::json(status, &json!({ "errorCode": code, "success": false, "status": null, "reason": null }))
}
