//! In the sandbox: the calls go to the host.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::bindings::imports::hookyard::plugin::{
    connection, crypto, emit_event, http_request, invocation, kv_store, log, secrets, timers, types,
};
use crate::kv::{Entry, Expected, Options, Page};
use crate::log::Level;
use crate::{Event, Refusal, http};

pub(crate) fn emit(event: Event, data: String) -> Result<(), Refusal> {
    let Event { kind, subject, dedupe_key, time } = event;
    emit_event::emit(&emit_event::Event { kind, data, subject, dedupe_key, time }).map_err(refusal)
}

pub(crate) fn kv_get(key: &str) -> Result<Option<Entry>, Refusal> {
    kv_store::get(key).map(|found| found.map(entry)).map_err(refusal)
}

pub(crate) fn kv_get_many(keys: &[String]) -> Result<Vec<Option<Entry>>, Refusal> {
    let found = kv_store::get_many(keys).map_err(refusal)?;
    Ok(found.into_iter().map(|found| found.map(entry)).collect())
}

pub(crate) fn kv_set(key: &str, value: &[u8], options: Options) -> Result<(), Refusal> {
    let Options { ttl_seconds, expected } = options;
    let options = kv_store::Options { ttl_seconds, expected_revision: revision(expected) };
    kv_store::set(key, value, &options).map_err(refusal)
}

pub(crate) fn kv_delete(key: &str) -> Result<(), Refusal> {
    kv_store::delete(key).map_err(refusal)
}

pub(crate) fn kv_increment(key: &str, by: i32) -> Result<i64, Refusal> {
    kv_store::increment(key, by).map_err(refusal)
}

pub(crate) fn kv_list(prefix: &str, after: Option<&str>, max: u32) -> Result<Page, Refusal> {
    let kv_store::Page { keys, next } = kv_store::list_keys(prefix, after, max).map_err(refusal)?;
    Ok(Page { keys, next })
}

pub(crate) fn start_timer(name: &str, delay_seconds: u32, payload: String) -> Result<(), Refusal> {
    timers::start(name, delay_seconds, &payload).map_err(refusal)
}

pub(crate) fn cancel_timer(name: &str) -> Result<(), Refusal> {
    timers::cancel(name).map_err(refusal)
}

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warn => log::Level::Warn,
        Level::Error => log::Level::Error,
    };
    log::write(level, message);
}

pub(crate) fn http_send(request: http::Request) -> Result<http::Response, http::Error> {
    answer(http_request::send(&host_request(request)))
}

pub(crate) fn http_send_all(requests: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
    let requests: Vec<_> = requests.into_iter().map(host_request).collect();
    http_request::send_all(&requests).into_iter().map(answer).collect()
}

pub(crate) fn derive(encoding: &str, text: &str) -> Result<String, Refusal> {
    secrets::derive(encoding, text).map_err(refusal)
}

pub(crate) fn token(document: &str) -> Result<String, Refusal> {
    secrets::token(document).map_err(refusal)
}

pub(crate) fn digest(hash: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
    crypto::digest(hash, data).map_err(refusal)
}

pub(crate) fn hmac(hash: &str, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Refusal> {
    crypto::hmac(hash, key, data).map_err(refusal)
}

pub(crate) fn sign(algorithm: &str, key: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
    crypto::sign(algorithm, key, data).map_err(refusal)
}

pub(crate) use crypto::random;

/// The clock of WASI is the host's.
#[expect(clippy::disallowed_methods, reason = "this is where a guest gets its time from")]
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub(crate) use connection::{config, id as connection_id, webhook_url};
pub(crate) use invocation::{attempt, attribute, id as invocation_id, idempotency_key};

fn host_request(request: http::Request) -> http_request::Request {
    let http::Request { method, url, headers, body, timeout_ms, max_redirects, max_body_bytes, .. } = request;
    http_request::Request { method, url, headers, body, timeout_ms, max_redirects, max_body_bytes }
}

fn answer(answer: Result<http_request::Response, http_request::Error>) -> Result<http::Response, http::Error> {
    match answer {
        Ok(http_request::Response { status, headers, body, truncated }) => {
            let mut response = http::Response::new(status);
            (response.headers, response.body, response.truncated) = (headers, body, truncated);
            Ok(response)
        }
        Err(http_request::Error { code, message }) => Err(http::Error::new(code, message)),
    }
}

/// As the contract writes it.
fn revision(expected: Expected) -> Option<String> {
    match expected {
        Expected::AsRead => None,
        Expected::Absent => Some(String::new()),
        Expected::Anything => Some("*".to_owned()),
        Expected::Revision(revision) => Some(revision),
    }
}

fn entry(entry: kv_store::Entry) -> Entry {
    Entry { value: entry.value, revision: entry.revision }
}

fn refusal(refusal: types::Refusal) -> Refusal {
    Refusal { code: refusal.code, message: refusal.message }
}
