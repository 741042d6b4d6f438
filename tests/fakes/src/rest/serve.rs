//! Which path is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Shared, oauth, odd, products};
use crate::answer::Answer;
use crate::provider::Received;

pub(super) fn router(state: Arc<Shared>) -> Router {
    Router::new().fallback(call).with_state(state)
}

async fn call(State(state): State<Arc<Shared>>, request: Request) -> Response {
    let Some((request, fault)) = state.traffic.take(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let known = || product(&state, &request);
    match fault {
        Some(fault) => fault.answer(&request.headers, || known().unwrap_or_else(|| Answer::page(200)), refused).await,
        None => match known() {
            Some(answer) => answer.into_response(),
            None => odd::answer(&request).await.unwrap_or_else(|| refused(404).into_response()),
        },
    }
}

/// What a REST system has under its paths; nothing where the path is none of these.
fn product(state: &Shared, request: &Received) -> Option<Answer> {
    let answer = match (request.method.as_str(), request.path.as_str()) {
        (_, "/echo") => echo(request),
        (_, path) if path.starts_with("/echo/") => echo(request),
        ("POST", "/api/v1/deals") => products::create_deal(state, request),
        ("GET", "/boleto") => products::find_slip(&request.query),
        ("POST", "/oauth/token") => oauth::exchange(state, request),
        (_, "/guarded") if oauth::is_authorized(state, request) => echo(request),
        (_, "/guarded") => refused(401),
        _ => return None,
    };
    Some(answer)
}

fn echo(request: &Received) -> Answer {
    let pairs = request.headers.iter().map(|(name, value)| json!([name.as_str(), lossy(value.as_bytes())]));
    let echoed = json!({
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": pairs.collect::<Vec<Value>>(),
        "body": lossy(&request.body),
    });
    Answer::json(200, &echoed)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn refused(status: u16) -> Answer {
    Answer::json(status, &json!({ "error": { "status": status } }))
}

/// The first value of this name in a query or a form.
pub(super) fn parameter(pairs: &[u8], name: &str) -> Option<String> {
    url::form_urlencoded::parse(pairs).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}
