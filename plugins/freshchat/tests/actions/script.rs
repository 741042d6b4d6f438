//! A Freshchat that answers by a script and says what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;

use freshchat::Freshchat;
use hookyard_sdk::Error;
use hookyard_sdk::http::{self, Request, Response};
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

pub(crate) const BASE: &str = "https://api.freshchat.com/v2";
pub(crate) const CONVERSATION: &str = "c-1";

/// One answer of the script.
pub(crate) type Answer = Result<Response, http::Error>;

/// A config with these members besides the required ones.
pub(crate) fn config(members: &Value) -> Value {
    let mut full = json!({ "actor_id": "agent-1", "access_token": "eyJ0.test-token.x", "app_id": "app-1" });
    for (name, value) in members.as_object().into_iter().flatten() {
        full[name] = value.clone();
    }
    full
}

/// A host whose provider gives these answers in their order, and panics when they are used up.
pub(crate) fn host(members: &Value, answers: Vec<Answer>) -> Host<Freshchat> {
    let answers = RefCell::new(VecDeque::from(answers));
    Host::new(&config(members)).provider(move |request| {
        let answer = answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| panic!("no answer is left for {} {}", request.method, request.url))
    })
}

/// 200 with this JSON.
pub(crate) fn ok(body: &Value) -> Answer {
    Ok(Response::new(200).with_json(body))
}

/// The message was taken.
pub(crate) fn sent(id: &str) -> Answer {
    ok(&json!({ "id": id, "created_time": "2026-03-04T10:11:12.340Z", "message_type": "normal" }))
}

/// An error in Freshchat's shape.
pub(crate) fn refused(code: u16, status: &str, message: &str) -> Answer {
    Ok(Response::new(code).with_json(&json!({ "code": code, "status": status, "message": message })))
}

/// There is no such thing.
pub(crate) fn not_found() -> Answer {
    refused(404, "CONVERSATION_NOT_FOUND", "conversation not found")
}

/// No answer in time.
pub(crate) fn timeout() -> Answer {
    Err(http::Error::new("timeout", "no answer within 8 s"))
}

/// The only page of the groups with these ids and names.
pub(crate) fn groups(groups: &[(&str, &str)]) -> Answer {
    let groups: Vec<_> = groups.iter().map(|(id, name)| json!({ "id": id, "name": name, "agents": [] })).collect();
    ok(&json!({ "groups": groups, "links": { "first_page": { "href": "/v2/groups?page=1", "rel": "first_page" } } }))
}

/// A conversation after a change.
pub(crate) fn updated() -> Answer {
    ok(&json!({ "conversation_id": CONVERSATION, "status": "new" }))
}

/// Method and URL of every request, the latter without the base.
pub(crate) fn asked(host: &Host<Freshchat>) -> Vec<String> {
    let short = |url: &str| url.strip_prefix(BASE).unwrap_or(url).to_owned();
    host.requests().iter().map(|request| format!("{} {}", request.method, short(&request.url))).collect()
}

/// The JSON of a request's body.
pub(crate) fn body(request: &Request) -> Value {
    serde_json::from_slice(request.body.as_deref().expect("a body")).expect("JSON")
}

/// An error as the problem document shows it: kind, code, details.
pub(crate) fn shown(error: &Error) -> (String, String, Value) {
    let details = error.details.as_deref().map_or(Value::Null, |details| serde_json::from_str(details).expect("JSON"));
    (format!("{:?}", error.kind), error.code.clone(), details)
}

/// Whether the bot is silent in the conversation, asked of the plugin.
pub(crate) fn is_muted(host: &Host<Freshchat>) -> bool {
    let key = format!("muted/{CONVERSATION}");
    let kept = host.value(&key).map(|value| serde_json::from_slice::<Value>(&value).expect("JSON"));
    kept.is_some_and(|kept| kept["muted"] == true)
}
