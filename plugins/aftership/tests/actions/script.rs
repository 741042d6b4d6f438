//! A provider that answers by a script and says what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;

use aftership::AfterShip;
use hookyard_sdk::Error;
use hookyard_sdk::http::{self, Request, Response};
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

/// One answer of the script.
pub(crate) type Answer = Result<Response, http::Error>;

/// A host whose provider gives these answers in their order, and panics when they are used up.
pub(crate) fn host(config: &Value, answers: Vec<Answer>) -> Host<AfterShip> {
    let answers = RefCell::new(VecDeque::from(answers));
    let mut full = json!({ "api_key": "asat_test", "webhook_secret": "whs_test" });
    for (name, value) in config.as_object().into_iter().flatten() {
        full[name] = value.clone();
    }
    Host::new(&full).provider(move |request| {
        let answer = answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| panic!("no answer is left for {} {}", request.method, request.url))
    })
}

/// `{"meta": {"code": 200}, "data": …}`.
pub(crate) fn ok(data: &Value) -> Answer {
    Ok(Response::new(200).with_json(&json!({ "meta": { "code": 200 }, "data": data })))
}

/// What AfterShip answers to a create, in the shape of the older versions.
pub(crate) fn created(tracking: &Value) -> Answer {
    Ok(Response::new(201).with_json(&json!({ "meta": { "code": 201 }, "data": { "tracking": tracking } })))
}

/// A list, in the shape of the older versions.
pub(crate) fn list(trackings: &[Value]) -> Answer {
    ok(&json!({ "page": 1, "limit": 100, "count": trackings.len(), "trackings": trackings }))
}

/// An error in AfterShip's wrapper.
pub(crate) fn refused(status: u16, code: u32, kind: &str, message: &str) -> Answer {
    let meta = json!({ "code": code, "type": kind, "message": message });
    Ok(Response::new(status).with_json(&json!({ "meta": meta, "data": {} })))
}

/// The shipment is there already.
pub(crate) fn exists() -> Answer {
    refused(400, 4003, "BadRequest", "Tracking already exists.")
}

/// No answer in time.
pub(crate) fn timeout() -> Answer {
    Err(http::Error::new("timeout", "no answer within 8 s"))
}

/// A tracking as AfterShip returns it.
pub(crate) fn tracking(id: &str, number: &str, slug: &str, custom_fields: &Value) -> Value {
    json!({
        "id": id, "tracking_number": number, "slug": slug, "title": number, "tag": "Pending", "subtag": "Pending_001",
        "active": true, "custom_fields": custom_fields, "checkpoints": [],
    })
}

/// Method and URL of every request.
pub(crate) fn asked(host: &Host<AfterShip>) -> Vec<String> {
    host.requests().iter().map(|request| format!("{} {}", request.method, request.url)).collect()
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
