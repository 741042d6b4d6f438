//! Selarti on the wire: who may send, how a message must look, and what follows.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::ai::Sent;
use super::auth::{error, refused};
use super::{AUTH_PATH, Shared};
use crate::answer::Answer;
use crate::locked;
use crate::provider::Received;

/// What the fields of a message are called. A name that begins with `/` is a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Whose dialogue it is.
    pub chat_id: String,
    /// The task.
    pub task: String,
    /// What is said.
    pub text: String,
}

impl Default for Names {
    fn default() -> Self {
        let [chat_id, task, text] = ["chat_id", "task_id", "text"].map(str::to_owned);
        Self { chat_id, task, text }
    }
}

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
        Some(fault) => fault.answer(&request.headers, respond, refused).await,
    }
}

fn respond(state: &Shared, request: &Received) -> Answer {
    let is_send = request.path == *locked(&state.send_path);
    match request.method.as_str() {
        "POST" if request.path == AUTH_PATH => locked(&state.tokens).exchange(&body(request)),
        "POST" | "PUT" if is_send => send(state, request),
        _ => refused(404),
    }
}

fn send(state: &Shared, request: &Received) -> Answer {
    if !locked(&state.tokens).accepts(&request.headers) {
        return refused(401);
    }
    let names = locked(&state.names).clone();
    let body = body(request);
    let field = |name: &str| {
        let value = if name.starts_with('/') { body.pointer(name) } else { body.get(name) };
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let (Some(chat_id), Some(task), Some(text)) = (field(&names.chat_id), field(&names.task), field(&names.text))
    else {
        return error(400, "MISSING_DATA", &format!("Missing parameter for workflow: one of {names:?}"));
    };
    let sent = Sent { chat_id: chat_id.clone(), task, text: text.clone(), body };
    let answer = locked(&state.ai).take(sent);
    state.changes.send_modify(|changes| *changes += 1);
    state.tell_both(&chat_id, &text, answer.as_deref());
    Answer::json(200, &json!({ "status": "success", "response": {} }))
}

/// The body as JSON; that of a form as an object of texts, all else as nothing.
fn body(request: &Received) -> Value {
    let content_type = request.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match content_type.split(';').next().map(str::trim) {
        Some("application/json") => serde_json::from_slice(&request.body).unwrap_or_default(),
        Some("application/x-www-form-urlencoded") => {
            json!(url::form_urlencoded::parse(&request.body).into_owned().collect::<BTreeMap<_, _>>())
        }
        _ => Value::Null,
    }
}
