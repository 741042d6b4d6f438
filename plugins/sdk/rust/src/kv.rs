//! This connection's own keys.
//!
//! Reads see the invocation's own writes, then what is committed at that moment (two reads may see two moments). Writes commit
//! with the invocation.
//!
//! A [`set`] or [`delete`] of a key that this invocation has read commits only if the key has not changed since. Otherwise the
//! invocation runs again from the start, at most 5 times. An order key in the manifest avoids both.

use serde::de::DeserializeOwned;

use crate::{Error, Refusal, crypto, imports, json};

/// Longest id that stands in a key of [`key`] as it is, in bytes.
const ID_BYTES_MAX: usize = 256;

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bytes.
    pub value: Vec<u8>,
    /// Opaque: compare it only for equality.
    pub revision: String,
}

impl Entry {
    /// The value as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::parse(&self.value)
    }
}

/// How a [`set_with`] is to happen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Seconds to live; for ever when absent. Each `set` decides anew.
    pub ttl_seconds: Option<u32>,
    /// What must hold of the key when the invocation commits.
    pub expected: Expected,
}

/// What must hold of a key when the invocation commits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expected {
    /// It is as this invocation has read it; anything, if it has not read it.
    #[default]
    AsRead,
    /// There is none.
    Absent,
    /// Nothing: whatever is there is replaced.
    Anything,
    /// It is at this revision.
    Revision(String),
}

/// Some keys, in byte order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The keys.
    pub keys: Vec<String>,
    /// Pass it on as `after` for more; absent on the last page.
    pub next: Option<String>,
}

/// The key for what is kept under `kind` of something that a provider names `id`: `kind/id`. Ids come from outside, and may be
/// longer than a key: of those with more than 256 bytes it has the SHA-256, under a prefix of its own (`kind-sha256/…`).
pub fn key(kind: &str, id: &str) -> Result<String, Refusal> {
    if id.len() <= ID_BYTES_MAX {
        return Ok(format!("{kind}/{id}"));
    }
    Ok(format!("{kind}-sha256/{}", crypto::sha256_hex(id)?))
}

/// What stands under `key`.
pub fn get(key: &str) -> Result<Option<Entry>, Refusal> {
    imports::kv_get(key)
}

/// One answer for each key, in their order.
pub fn get_many(keys: &[String]) -> Result<Vec<Option<Entry>>, Refusal> {
    imports::kv_get_many(keys)
}

/// Puts a value, for ever, with the rule of the module's head.
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<(), Refusal> {
    set_with(key, value, Options::default())
}

/// Puts a value as `options` say.
pub fn set_with(key: &str, value: impl AsRef<[u8]>, options: Options) -> Result<(), Refusal> {
    imports::kv_set(key, value.as_ref(), options)
}

/// Removes a key; succeeds also when there is none.
pub fn delete(key: &str) -> Result<(), Refusal> {
    imports::kv_delete(key)
}

/// Adds to a decimal counter (absent is 0). Concurrent additions all count and never conflict. The returned value is advisory:
/// another invocation may return the same one, so decide nothing by it.
pub fn increment(key: &str, by: i32) -> Result<i64, Refusal> {
    imports::kv_increment(key, by)
}

/// At most `max` keys that begin with `prefix` and stand behind `after`.
pub fn list(prefix: &str, after: Option<&str>, max: u32) -> Result<Page, Refusal> {
    imports::kv_list(prefix, after, max)
}
