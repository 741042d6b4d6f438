//! A provider that answers by a script, and a config with the request of the documentation.

use std::cell::RefCell;
use std::collections::VecDeque;

use generic_http::GenericHttp;
use hookyard_sdk::http::{self, Request, Response};
use hookyard_sdk::testing::Host;
use hookyard_sdk::{Error, RawValue};
use serde_json::{Value, json};

/// One answer of the script.
pub(crate) type Answer = Result<Response, http::Error>;

/// The config of the documentation.
pub(crate) fn config() -> Value {
    json!({
        "secrets": { "rd": "rd-token" },
        "fields": [{ "id": "nome", "title": "Nome" }, { "id": "email" }, { "id": "cpf" }],
        "requests": {
            "create-deal": {
                "method": "POST",
                "url": "https://crm.rdstation.com/api/v1/deals",
                "query": [{ "name": "token", "value": { "secret": "rd" } }],
                "headers": [{ "name": "Content-Type", "value": { "text": "application/json" } }],
                "body": { "encoding": "json", "rows": [
                    { "key": "deal[name]", "value": { "field": "nome" } },
                    { "key": "deal[rating]", "type": "number", "value": { "text": "1" } },
                    { "key": "contacts[0][name]", "value": { "field": "nome" } },
                    { "key": "contacts[0][emails][0][email]", "value": { "field": "email" }, "on_missing": "omit" },
                ] },
                "reply": { "template": "Negócio {id} criado", "on_missing": "error", "on_error": "Tente mais tarde" },
            },
            "boleto": {
                "method": "GET",
                "url": "https://pay.example/boleto",
                "query": [{ "name": "cpf", "value": { "field": "cpf" } }],
                "reply": { "template": "Segue o boleto: {data[url]}", "on_error": "Sem boleto {erro}" },
            },
        },
    })
}

/// A host with that config, whose provider gives these answers in their order and panics when they are used up.
pub(crate) fn host(answers: Vec<Answer>) -> Host<GenericHttp> {
    host_with(&config(), answers)
}

pub(crate) fn host_with(config: &Value, answers: Vec<Answer>) -> Host<GenericHttp> {
    let answers = RefCell::new(VecDeque::from(answers));
    let host = Host::new(config).grant("crm.rdstation.com").grant("pay.example");
    host.provider(move |request| {
        let answer = answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| panic!("no answer is left for {} {}", request.method, request.url))
    })
}

/// A host that sends nothing.
pub(crate) fn silent() -> Host<GenericHttp> {
    Host::new(&config())
}

/// An answer in JSON, to the letter.
pub(crate) fn answered(status: u16, body: &str) -> Answer {
    Ok(Response::new(status).with_header("content-type", "application/json").with_body(body))
}

pub(crate) fn failed(code: &str) -> Answer {
    Err(http::Error::new(code, format!("{code} happened")))
}

/// A request to `https://pay.example/x` with these members.
pub(crate) fn request(method: &str, more: &Value) -> Value {
    let mut request = json!({ "method": method, "url": "https://pay.example/x" });
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    request
}

/// The errors of `request-invalid`: pointer and code.
pub(crate) fn wrong(error: &Error) -> Vec<(String, String)> {
    assert_eq!(error.code, "request-invalid", "{error}");
    let details: Value = serde_json::from_str(error.details.as_deref().expect("details")).expect("JSON");
    let errors = details["errors"].as_array().expect("a list").iter();
    let text = |error: &Value, member: &str| error[member].as_str().expect("a text").to_owned();
    errors.map(|error| (text(error, "pointer"), text(error, "code"))).collect()
}

/// The text of a request's body.
pub(crate) fn body(request: &Request) -> &str {
    std::str::from_utf8(request.body.as_deref().expect("a body")).expect("UTF-8")
}

/// The value of a request's header.
pub(crate) fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

/// JSON of a text.
pub(crate) fn parsed(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).expect("JSON")
}
