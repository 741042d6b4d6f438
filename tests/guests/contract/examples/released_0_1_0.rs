//! Against the contract as it was released as 0.1.0: every export, and a call of every function that it imports.

wit_bindgen::generate!({ path: "../../../wit/released/0.1.0", world: "plugin" });

use exports::hookyard::plugin::action_handler::Guest as ActionHandler;
use exports::hookyard::plugin::definition::Guest as Definition;
use exports::hookyard::plugin::lifecycle::Guest as Lifecycle;
use exports::hookyard::plugin::timer_handler::Guest as TimerHandler;
use exports::hookyard::plugin::webhook_handler::{Guest as WebhookHandler, Request, Response};
use hookyard::plugin::emit_event::Event;
use hookyard::plugin::kv_store::Options;
use hookyard::plugin::types::{Error, ErrorKind, Refusal};
use hookyard::plugin::{connection, crypto, emit_event, http_request, invocation, kv_store, log, secrets, timers};

const MANIFEST: &str = r#"{
  "manifest": 1,
  "name": "released",
  "version": "0.1.0",
  "config": {
    "type": "object",
    "properties": { "secret": { "type": "string", "minLength": 1, "writeOnly": true } }
  },
  "webhook": { "verify": { "scheme": "token", "header": "x-token", "secret": "/secret" } },
  "actions": [{ "name": "call-everything", "input": {}, "output": {} }],
  "events": [{ "kind": "thing.happened", "data": {} }]
}"#;

struct Plugin;

impl Definition for Plugin {
    fn describe() -> String {
        MANIFEST.to_owned()
    }
}

impl WebhookHandler for Plugin {
    fn handle(request: Request) -> Result<Option<Response>, Error> {
        emit("webhook")?;
        timers::start("later", 60, r#"{"from": "webhook"}"#).map_err(failed)?;
        let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        Ok(Some(Response { status: 200, headers, body: request.body }))
    }
}

impl ActionHandler for Plugin {
    fn run(name: String, input: String) -> Result<String, Error> {
        let seen = [keys()?, of_the_call()?, refusals(), cryptography()?].concat();
        log::write(log::Level::Info, "called everything");
        let seen: Vec<_> = seen.iter().map(|seen| format!("\"{seen}\"")).collect();
        Ok(format!(r#"{{"name": "{name}", "input": {input}, "seen": [{}]}}"#, seen.join(", ")))
    }
}

impl Lifecycle for Plugin {
    fn activate() -> Result<String, Error> {
        Ok(r#"{"setup": ["Say hello."]}"#.to_owned())
    }

    fn deactivate() -> Result<(), Error> {
        Ok(())
    }
}

impl TimerHandler for Plugin {
    fn fire(name: String, payload: String) -> Result<(), Error> {
        emit(&format!("{name} {}", payload.len()))
    }
}

export!(Plugin);

fn emit(what: &str) -> Result<(), Error> {
    let subject = Some(what.to_owned());
    let (dedupe_key, time) = (None, Some("2026-03-04T10:00:00Z".to_owned()));
    emit_event::emit(&Event { kind: "thing.happened".into(), data: "{}".into(), subject, dedupe_key, time })
        .map_err(failed)
}

fn failed(Refusal { code, message }: Refusal) -> Error {
    Error { kind: ErrorKind::Failed, code, message, retry_after_ms: None, details: None }
}

/// What the calls of `kv-store` and `timers` came to.
fn keys() -> Result<Vec<String>, Error> {
    let options = Options { ttl_seconds: Some(60), expected_revision: Some(String::new()) };
    kv_store::set("a", b"1", &options).map_err(failed)?;
    let read = kv_store::get("a").map_err(failed)?.map(|entry| entry.value.len());
    let many = kv_store::get_many(&["a".to_owned(), "b".to_owned()]).map_err(failed)?;
    let added = kv_store::increment("counter", 2).map_err(failed)?;
    let listed = kv_store::list_keys("", None, 10).map_err(failed)?.keys.join("+");
    kv_store::delete("a").map_err(failed)?;
    timers::start("never", 60, "null").map_err(failed)?;
    timers::cancel("never").map_err(failed)?;
    Ok(vec![format!("{read:?} {}", many.iter().flatten().count()), format!("counter {added}"), listed])
}

/// What the calls of `connection` and `invocation` came to.
fn of_the_call() -> Result<Vec<String>, Error> {
    let placeholder = connection::config().contains("hysec_");
    let url = connection::webhook_url().ends_with(&format!("/webhooks/{}", connection::id()));
    let ids = invocation::id().starts_with("inv_") && invocation::idempotency_key("a").len() == 32;
    let attribute = invocation::attribute("no-such-attribute").is_none();
    Ok(vec![format!("{placeholder} {url} {ids} {attribute} {}", invocation::attempt())])
}

/// The words with which requests and tokens are refused here.
fn refusals() -> Vec<String> {
    let request = http_request::Request {
        method: "GET".to_owned(),
        url: "https://not-granted.example/".to_owned(),
        headers: Vec::new(),
        body: None,
        timeout_ms: Some(1_000),
        max_redirects: Some(0),
        max_body_bytes: Some(1),
    };
    let code = |answer: Result<http_request::Response, http_request::Error>| match answer {
        Ok(response) => response.status.to_string(),
        Err(error) => error.code,
    };
    let word =
        |refused: Result<String, Refusal>| refused.map_or_else(|refusal| refusal.code, |_| "accepted".to_owned());
    let one = code(http_request::send(&request));
    let all: Vec<_> = http_request::send_all(&[request]).into_iter().map(code).collect();
    vec![one, all.join("+"), word(secrets::derive("rot13", "a")), word(secrets::token("{}"))]
}

/// What the calls of `crypto` came to.
fn cryptography() -> Result<Vec<String>, Error> {
    let digest = crypto::digest("sha256", b"a").map_err(failed)?.len();
    let hmac = crypto::hmac("sha1", b"key", b"a").map_err(failed)?.len();
    let signed = crypto::sign("ed25519", "no key", b"a").map_or_else(|refusal| refusal.code, |_| "signed".to_owned());
    Ok(vec![format!("{digest} {hmac} {signed} {}", crypto::random(7).len())])
}
