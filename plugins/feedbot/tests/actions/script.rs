//! A provider that answers by a script and says what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;

use feedbot::Feedbot;
use hookyard_sdk::Error;
use hookyard_sdk::http::{self, Request, Response};
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

/// One answer of the script.
pub(crate) type Answer = Result<Response, http::Error>;

/// Where messages are queued, unless a config says otherwise.
pub(crate) const SEND_URL: &str = "https://addnewmessages-bmb77ejh3a-uc.a.run.app";
/// Where the status of one is asked for.
pub(crate) const STATUS_URL: &str = "https://getmessagestatus-bmb77ejh3a-uc.a.run.app";
/// Whom messages go to.
pub(crate) const PHONE: &str = "972500000001";

/// A host whose provider gives these answers in their order, and panics when they are used up.
pub(crate) fn host(config: &Value, answers: Vec<Answer>) -> Host<Feedbot> {
    let answers = RefCell::new(VecDeque::from(answers));
    host_with(config, move |request| {
        let answer = answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| panic!("no answer is left for {} {}", request.method, request.url))
    })
}

/// A host whose provider answers like this.
pub(crate) fn host_with(config: &Value, answer: impl FnMut(&Request) -> Answer + 'static) -> Host<Feedbot> {
    let mut full = json!({ "auth_token": "3f0c0c5e-EXAMPLE" });
    for (name, value) in config.as_object().into_iter().flatten() {
        full[name] = value.clone();
    }
    Host::new(&full).provider(answer)
}

/// Messages are in the queue under these ids.
pub(crate) fn queued(ids: &[&str]) -> Answer {
    answered(200, &json!({ "errorCode": null, "success": true, "ids:": ids }))
}

/// A message has this status.
pub(crate) fn status(status: &Value, reason: &Value) -> Answer {
    answered(200, &json!({ "errorCode": null, "success": true, "status": status, "reason": reason }))
}

/// An answer in JSON.
pub(crate) fn answered(status: u16, body: &Value) -> Answer {
    Ok(Response::new(status).with_json(body))
}

/// An answer with this body.
pub(crate) fn said(status: u16, body: &str) -> Answer {
    Ok(Response::new(status).with_body(body))
}

/// The input of `send-messages` with one message.
pub(crate) fn one() -> Value {
    json!({ "messages": [{ "message": "שלום", "phone": PHONE }] })
}

/// The input of `send-messages` with so many messages.
pub(crate) fn many(messages: usize) -> Value {
    let of = |number: usize| json!({ "message": "Hi", "phone": format!("9725000{number:05}") });
    json!({ "messages": (0..messages).map(of).collect::<Vec<_>>() })
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
