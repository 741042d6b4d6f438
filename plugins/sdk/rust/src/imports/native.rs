//! On the build machine: the calls go to the test host whose invocation runs on this thread.

use std::rc::Rc;
use std::time::Duration;

use crate::kv::{Entry, Options, Page};
use crate::log::Level;
use crate::testing::{crypto, running};
use crate::{Event, Refusal, http};

pub(crate) fn emit(event: Event, data: String) -> Result<(), Refusal> {
    running(|run| run.emit(event, data))
}

pub(crate) fn kv_get(key: &str) -> Result<Option<Entry>, Refusal> {
    running(|run| run.keys.get(key))
}

pub(crate) fn kv_get_many(keys: &[String]) -> Result<Vec<Option<Entry>>, Refusal> {
    running(|run| keys.iter().map(|key| run.keys.get(key)).collect())
}

pub(crate) fn kv_set(key: &str, value: &[u8], options: Options) -> Result<(), Refusal> {
    running(|run| run.keys.set(key, value, options))
}

pub(crate) fn kv_delete(key: &str) -> Result<(), Refusal> {
    running(|run| run.keys.delete(key))
}

pub(crate) fn kv_increment(key: &str, by: i32) -> Result<i64, Refusal> {
    running(|run| run.keys.increment(key, by))
}

pub(crate) fn kv_list(prefix: &str, after: Option<&str>, max: u32) -> Result<Page, Refusal> {
    running(|run| run.keys.list(prefix, after, max))
}

pub(crate) fn start_timer(name: &str, delay_seconds: u32, payload: String) -> Result<(), Refusal> {
    running(|run| run.timers.start(name, delay_seconds, payload))
}

pub(crate) fn cancel_timer(name: &str) -> Result<(), Refusal> {
    running(|run| run.timers.cancel(name))
}

pub(crate) fn log(level: Level, message: &str) {
    running(|run| run.log.push((level, message.to_owned())));
}

pub(crate) fn config() -> String {
    running(|run| run.config.clone())
}

pub(crate) fn connection_id() -> String {
    crate::testing::CONNECTION.to_owned()
}

pub(crate) fn webhook_url() -> String {
    crate::testing::WEBHOOK_URL.to_owned()
}

pub(crate) fn invocation_id() -> String {
    running(|run| run.id.clone())
}

pub(crate) fn attempt() -> u32 {
    running(|run| run.attempt)
}

pub(crate) fn idempotency_key(purpose: &str) -> String {
    running(|run| run.idempotency_key(purpose))
}

pub(crate) fn attribute(name: &str) -> Option<String> {
    running(|run| run.attributes.get(name).cloned())
}

/// The provider answers while nothing of the invocation is borrowed, so that it may ask for the invocation's things.
pub(crate) fn http_send(request: http::Request) -> Result<http::Response, http::Error> {
    running(|run| Rc::clone(&run.outbound)).send(request)
}

pub(crate) fn http_send_all(requests: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
    requests.into_iter().map(http_send).collect()
}

pub(crate) fn derive(encoding: &str, text: &str) -> Result<String, Refusal> {
    running(|run| run.outbound.vault.borrow_mut().derive(encoding, text))
}

pub(crate) fn token(document: &str) -> Result<String, Refusal> {
    running(|run| run.outbound.ask_token(document))
}

pub(crate) fn digest(hash: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
    crypto::digest(hash, data)
}

pub(crate) fn hmac(hash: &str, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Refusal> {
    match std::str::from_utf8(key) {
        Ok(text) => crypto::authenticate(hash, running(|run| run.outbound.vault.borrow().fill(text))?.as_bytes(), data),
        // Bytes that are no text hold no placeholder in any test.
        Err(_) => crypto::authenticate(hash, key, data),
    }
}

pub(crate) fn sign(algorithm: &str, key: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
    crypto::sign(algorithm, &running(|run| run.outbound.vault.borrow().fill(key))?, data)
}

pub(crate) fn random(length: u32) -> Vec<u8> {
    running(|run| run.random(length))
}

pub(crate) fn now() -> Duration {
    Duration::from_secs(running(|run| run.now))
}
