//! The API on the wire: token, faults, and which path means what.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::pages::page;
use super::{APP, Shared};
use crate::answer::Answer;
use crate::locked;
use crate::provider::Received;

/// Statuses that a conversation may be given.
const STATUSES: [&str; 6] =
    ["new", "assigned", "resolved", "reopened", "waiting on customer", "waiting on internal team"];
/// What a message may consist of.
const PARTS: [&str; 12] = [
    "text",
    "email",
    "image",
    "file",
    "video",
    "url_button",
    "quick_reply_button",
    "collection",
    "reference",
    "template_content",
    "callback",
    "attachment_input",
];

pub(super) fn router(state: Arc<Shared>) -> Router {
    Router::new().fallback(call).with_state(state)
}

/// Any request to the API.
async fn call(State(state): State<Arc<Shared>>, request: Request) -> Response {
    let Some((request, fault)) = state.traffic.take(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let respond = || respond(&state, &request).with("x-trace-id", "00-trace");
    match fault {
        None => respond().into_response(),
        Some(fault) => fault.answer(&request.headers, respond, refused).await,
    }
}

/// The answer where nothing goes wrong.
fn respond(state: &Shared, request: &Received) -> Answer {
    if !is_authorized(&request.headers, &locked(&state.token)) {
        return refused(401);
    }
    let segments: Vec<String> = request.path.split('/').skip(1).map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let query = url::form_urlencoded::parse(request.query.as_bytes()).into_owned().collect::<BTreeMap<_, _>>();
    match (request.method.as_str(), &segments[..]) {
        ("GET", ["v2", "accounts", "configuration"]) => Answer::json(200, &configuration()),
        ("GET", ["v2", list @ ("agents" | "groups" | "channels")]) => {
            let account = locked(&state.account);
            let all = match *list {
                "agents" => &account.agents,
                "groups" => &account.groups,
                _ => &account.channels,
            };
            Answer::json(200, &page(list, all, &query, &account.links_begin_with))
        }
        ("GET", ["v2", "agents", id]) => found(locked(&state.account).agent(id), "AGENT_NOT_FOUND", "agent not found"),
        ("GET", ["v2", "users", id]) => found(locked(&state.account).user(id), "USER_NOT_FOUND", "user not found"),
        (method, ["v2", "conversations", id, rest @ ..]) => {
            let found = locked(&state.account).found(id).map(|conversation| conversation.id.clone());
            let Some(id) = found else {
                return error(404, "CONVERSATION_NOT_FOUND", "conversation not found");
            };
            match (method, rest) {
                ("GET", []) => Answer::json(200, &locked(&state.account).conversation(&id).shown()),
                ("PUT", []) => update(state, &id, &request.body),
                ("GET", ["messages"]) => {
                    let all = locked(&state.account).conversation(&id).all();
                    Answer::json(200, &json!({ "messages": all }))
                }
                ("POST", ["messages"]) => post(state, &id, &request.body),
                _ => refused(404),
            }
        }
        _ => refused(404),
    }
}

fn configuration() -> Value {
    json!({
        "account_id": 1, "app_id": APP, "organisation_id": 2, "account_domain": "acme.freshchat.com",
        "datacenter": "us-east-1", "plan_type": "PRO", "bundle_id": 1, "bundle_type": "FRESHCHAT", "web_chat_id": "w1",
    })
}

/// `POST …/messages`.
fn post(state: &Shared, id: &str, body: &[u8]) -> Answer {
    let Ok(Value::Object(message)) = serde_json::from_slice(body) else {
        return invalid("the body is not valid JSON");
    };
    if let Err(refused) = check(state, &message) {
        return refused;
    }
    Answer::json(200, &state.post(id, &Value::Object(message)))
}

fn check(state: &Shared, message: &Map<String, Value>) -> Result<(), Answer> {
    if message.contains_key("messages") {
        return Err(invalid("messages is not allowed here"));
    }
    let parts = message.get("message_parts").and_then(Value::as_array).filter(|parts| !parts.is_empty());
    let Some(parts) = parts else { return Err(invalid("message_parts is required")) };
    parts.iter().try_for_each(check_part)?;
    let kind = message.get("message_type").map_or(Some("normal"), Value::as_str);
    if !matches!(kind, Some("normal" | "private")) {
        return Err(invalid("message_type is invalid"));
    }
    let actor = message.get("actor_id").and_then(Value::as_str);
    let account = locked(&state.account);
    match message.get("actor_type").and_then(Value::as_str) {
        Some("agent") if actor.is_none_or(|actor| account.agent(actor).is_none()) => {
            Err(error(404, "AGENT_NOT_FOUND", "agent not found"))
        }
        Some("user") if actor.is_none_or(|actor| account.user(actor).is_none()) => {
            Err(error(404, "USER_NOT_FOUND", "user not found"))
        }
        Some("agent" | "user" | "bot" | "system") => Ok(()),
        _ => Err(invalid("actor_type is invalid")),
    }
}

fn check_part(part: &Value) -> Result<(), Answer> {
    let part = part.as_object().filter(|part| part.len() == 1).and_then(|part| part.iter().next());
    let Some((kind, part)) = part.filter(|(kind, _)| PARTS.contains(&kind.as_str())) else {
        return Err(invalid("message_parts is invalid"));
    };
    let is_text = |name: &str| part[name].as_str().is_some_and(|text| !text.is_empty());
    match kind.as_str() {
        "text" if !is_text("content") => Err(invalid("TEXT_EMPTY_CONTENT")),
        // What Freshchat cannot fetch counts as no picture.
        "image" if !part["url"].as_str().is_some_and(|url| url.starts_with("https://")) => {
            Err(invalid("IMAGE_EMPTY_CONTENT"))
        }
        "file" | "video" if !is_text("url") => Err(invalid("FILE_EMPTY_CONTENT")),
        _ => Ok(()),
    }
}

/// `PUT /conversations/{id}`.
fn update(state: &Shared, id: &str, body: &[u8]) -> Answer {
    let Ok(Value::Object(change)) = serde_json::from_slice(body) else {
        return invalid("the body is not valid JSON");
    };
    let text = |name: &str| change.get(name).and_then(Value::as_str).map(str::trim);
    let (status, agent, group) = (text("status"), text("assigned_agent_id"), text("assigned_group_id"));
    let mut account = locked(&state.account);
    let named = |id: Option<&str>| id.filter(|id| !id.is_empty()).map(str::to_owned);
    let refused = match &change.get("properties") {
        Some(properties) if !properties.is_object() => Some("Conversation payload not valid"),
        _ if status.is_some_and(|status| !STATUSES.contains(&status)) => Some("status is invalid"),
        _ if status == Some("assigned") && named(agent).is_none() => Some("assigned_agent_id is required"),
        _ if named(agent).is_some_and(|agent| account.agent(&agent).is_none()) => Some("agent is invalid"),
        _ if named(group).is_some_and(|group| !account.has_group(&group)) => Some("group is invalid"),
        _ => None,
    };
    if let Some(refused) = refused {
        return invalid(refused);
    }
    let conversation = account.conversation(id);
    if let Some(properties) = change.get("properties").and_then(Value::as_object) {
        conversation.merge_properties(properties);
    }
    let kept = (named(Some(&conversation.agent)), named(Some(&conversation.group)));
    drop(account);
    if agent.is_some() || group.is_some() {
        let agent = agent.map_or(kept.0, |agent| named(Some(agent)));
        let group = group.map_or(kept.1, |group| named(Some(group)));
        state.assign(id, ("system", ""), agent.as_deref(), group.as_deref());
    }
    match status {
        Some("resolved") => drop(state.resolve(id, ("system", ""))),
        Some("reopened") => drop(state.reopen(id, ("system", ""))),
        Some(status) => status.clone_into(&mut locked(&state.account).conversation(id).status),
        None => {}
    }
    state.changed();
    Answer::json(200, &locked(&state.account).conversation(id).shown())
}

fn is_authorized(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    given.and_then(|given| given.strip_prefix("Bearer ")) == Some(token)
}

fn found(value: Option<&Value>, status: &str, message: &str) -> Answer {
    value.map_or_else(|| error(404, status, message), |value| Answer::json(200, value))
}

fn invalid(message: &str) -> Answer {
    error(400, "INVALID_VALUE", message)
}

fn error(code: u16, status: &str, message: &str) -> Answer {
    Answer::json(code, &json!({ "code": code, "status": status, "message": message }))
}

/// An error that says no more than its status.
fn refused(code: u16) -> Answer {
    match code {
        401 => error(401, "UNAUTHENTICATED", "the token is not accepted"),
        403 => error(403, "UNAUTHORIZED", "the token may not do this"),
        404 => error(404, "NOT_FOUND", "there is nothing here"),
        429 => error(429, "TOO_MANY_REQUESTS", "too many requests"),
        500.. => error(code, "INTERNAL_ERROR", "something went wrong"),
        _ => error(code, "INVALID_VALUE", "the request is not valid"),
    }
}

/// A segment of a path; a plus sign in it is one.
fn decoded(segment: &str) -> String {
    let form = format!("={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(form.as_bytes()).map(|(_, text)| text.into_owned()).collect()
}
