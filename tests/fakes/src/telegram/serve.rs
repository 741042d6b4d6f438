//! Telegram on the wire: `/bot<token>/METHOD`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Shared;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::locked;
use crate::provider::Received;

pub(super) fn router(state: Arc<Shared>) -> Router {
    Router::new().fallback(call).with_state(state)
}

async fn call(State(state): State<Arc<Shared>>, request: Request) -> Response {
    let Some((request, fault)) = state.traffic.take(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let respond = || respond(&state, &request);
    match fault {
        None => respond().into_response(),
        Some(Fault::RateLimited(Some(seconds))) => too_many(&seconds).into_response(),
        Some(fault) => fault.answer(&request.headers, respond, refused).await,
    }
}

/// Names of methods are case-insensitive, and GET is as good as POST; this one wants its parameters as JSON.
fn respond(state: &Shared, request: &Received) -> Answer {
    let Some((token, method)) = request.path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        return refused(404);
    };
    if token != *locked(&state.token) {
        return refused(401);
    }
    if !method.eq_ignore_ascii_case("sendMessage") || !matches!(request.method.as_str(), "GET" | "POST") {
        return refused(404);
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let now = locked(&state.clock).now();
    let sent = locked(&state.chats).send(now, &body);
    match sent {
        Ok(message) => {
            state.changes.send_modify(|changes| *changes += 1);
            Answer::json(200, &json!({ "ok": true, "result": message }))
        }
        Err((status, description)) => error(status, description),
    }
}

fn refused(status: u16) -> Answer {
    let description = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    error(status, description.unwrap_or("Error"))
}

fn error(status: u16, description: &str) -> Answer {
    Answer::json(status, &json!({ "ok": false, "error_code": status, "description": description }))
}

fn too_many(seconds: &str) -> Answer {
    let body = json!({
        "ok": false,
        "error_code": 429,
        "description": format!("Too Many Requests: retry after {seconds}"),
        "parameters": { "retry_after": seconds.parse::<u64>().unwrap_or_default() },
    });
    Answer::json(429, &body).with("retry-after", seconds)
}
