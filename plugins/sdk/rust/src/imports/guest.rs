//! In the sandbox: the calls go to the host.

use crate::bindings::imports::hookyard::plugin::{connection, emit_event, invocation, kv_store, log, types};
use crate::kv::{Entry, Expected, Options, Page};
use crate::log::Level;
use crate::{Event, Refusal};

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

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warn => log::Level::Warn,
        Level::Error => log::Level::Error,
    };
    log::write(level, message);
}

pub(crate) use connection::{config, id as connection_id, webhook_url};
pub(crate) use invocation::{attempt, attribute, id as invocation_id, idempotency_key};

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
