//! A provider that answers by a script and says what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;

use hookyard_sdk::Error;
use hookyard_sdk::http::{self, Request, Response};
use hookyard_sdk::testing::Host;
use selarti::Selarti;
use serde_json::{Value, json};

/// One answer of the script.
pub(crate) type Answer = Result<Response, http::Error>;

/// Where messages go in these tests.
pub(crate) const SEND_URL: &str = "https://api.selarti.example/v1/message?v=2";

/// A host whose provider gives these answers in their order, and panics when they are used up.
pub(crate) fn host(config: &Value, answers: Vec<Answer>) -> Host<Selarti> {
    let answers = RefCell::new(VecDeque::from(answers));
    let mut full = json!({ "task_id": "task-1", "send_url": SEND_URL, "webhook_token": "0123456789abcdef012345" });
    for (name, value) in config.as_object().into_iter().flatten() {
        full[name] = value.clone();
    }
    if let Some(members) = full.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    Host::new(&full).provider(move |request| {
        let answer = answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| panic!("no answer is left for {} {}", request.method, request.url))
    })
}

/// `{"status": "success", "response": {}}`.
pub(crate) fn success() -> Answer {
    answered(200, &json!({ "status": "success", "response": {} }))
}

/// An answer in JSON.
pub(crate) fn answered(status: u16, body: &Value) -> Answer {
    Ok(Response::new(status).with_json(body))
}

/// A message of the conversation `c1`.
pub(crate) fn message() -> Value {
    json!({ "conversation_id": "c1", "text": "Привет" })
}

/// Its error, as the problem document shows it: kind, code, details.
pub(crate) fn shown(error: &Error) -> (String, String, Value) {
    let details = error.details.as_deref().map_or(Value::Null, |details| serde_json::from_str(details).expect("JSON"));
    (format!("{:?}", error.kind), error.code.clone(), details)
}

/// The text of a request's body.
pub(crate) fn body(request: &Request) -> &str {
    std::str::from_utf8(request.body.as_deref().expect("a body")).expect("UTF-8")
}

/// The value of a request's header.
pub(crate) fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}
