//! `kv-store`: the connection's own keys.
//!
//! Scope: the connection. Grant: none needed. Limit: bytes of keys and values, keys of an invocation, bytes of the commit.
//! Act: reads see the invocation's own writes, then what is committed; writes are collected.

mod expectation;
mod list;
mod overlay;

use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::kv::{self, KvEntry};
use hookyard_domain::limit;

use crate::budget::RECORD_BYTES;
use crate::effects::Effects;
use crate::refusal::{HostFailure, Refusal};

use overlay::Change;
pub(crate) use overlay::Overlay;

/// A value as a guest sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bytes that were set.
    pub value: Vec<u8>,
    /// Opaque; compared for equality only.
    pub revision: String,
}

/// How to set a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetOptions {
    /// Seconds to live; for ever when absent.
    pub ttl_seconds: Option<u32>,
    /// Absent: the revision that was read. Empty: must not exist. `*`: whatever is there. Else that revision.
    pub expected_revision: Option<String>,
}

/// Some keys, in byte order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<String>,
    /// What to pass as `after` to go on; absent when these were the last.
    pub next: Option<String>,
}

type Answer<T> = Result<Result<T, Refusal>, HostFailure>;

/// Leaves the function with a refusal for the guest.
macro_rules! granted {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}
pub(crate) use granted;

impl Effects {
    /// The value of a key.
    pub async fn kv_get(&mut self, key: String) -> Answer<Option<Entry>> {
        let answers = granted!(self.kv_get_many(vec![key]).await?);
        Ok(Ok(answers.into_iter().next().flatten()))
    }

    /// The values of several keys, one answer for each, in their order.
    pub async fn kv_get_many(&mut self, keys: Vec<String>) -> Answer<Vec<Option<Entry>>> {
        if keys.len() > limit::KV_PAGE_MAX {
            return Ok(Err(Refusal::too_many(format!(
                "get-many takes {} keys a call, not {}",
                limit::KV_PAGE_MAX,
                keys.len()
            ))));
        }
        for key in &keys {
            granted!(check_key(key));
            granted!(self.kv.touch(key));
        }
        let mut answers = Vec::with_capacity(keys.len());
        let mut bytes = 0;
        for group in keys.chunks(KEYS_READ_AT_ONCE) {
            for entry in granted!(self.read_group(group).await?) {
                bytes += entry.as_ref().map_or(0, |entry| entry.value.len());
                answers.push(entry);
            }
            if bytes > limit::KV_READ_BYTES_MAX {
                return Ok(Err(Refusal::too_large(format!(
                    "these keys hold more than the {} bytes that one get-many returns; ask for fewer",
                    limit::KV_READ_BYTES_MAX
                ))));
            }
        }
        Ok(Ok(answers))
    }

    /// Sets a key with the commit.
    pub fn kv_set(&mut self, key: &str, value: Vec<u8>, options: &SetOptions) -> Result<(), Refusal> {
        check_key(key)?;
        check_value(key, &value)?;
        let now = self.services.clock.now();
        let expires_at = expiry(key, options.ttl_seconds, now)?;
        self.kv.touch(key)?;
        let guard = self.kv.expectation(key, options.expected_revision.as_deref(), now)?;
        self.change_key(key, Change::Set { value, expires_at })?;
        self.kv.guard(key, guard);
        Ok(())
    }

    /// Deletes a key with the commit; succeeds also when there is none.
    pub fn kv_delete(&mut self, key: &str) -> Result<(), Refusal> {
        check_key(key)?;
        let now = self.services.clock.now();
        self.kv.touch(key)?;
        let guard = self.kv.expectation(key, None, now)?;
        self.change_key(key, Change::Delete)?;
        self.kv.guard(key, guard);
        Ok(())
    }

    /// Adds to a decimal counter with the commit and returns what it would be now. Not a read: it never conflicts.
    pub async fn kv_increment(&mut self, key: String, by: i32) -> Answer<i64> {
        granted!(check_key(&key));
        granted!(self.kv.touch(&key));
        let now = self.services.clock.now();
        let by = i64::from(by);
        let (sum, change) = match self.kv.pending(&key) {
            Some(Change::Set { value, expires_at }) if !is_over(*expires_at, now) => {
                let sum = granted!(add(&key, granted!(counter(&key, value)), by));
                (sum, Change::Set { value: sum.to_string().into_bytes(), expires_at: *expires_at })
            }
            Some(Change::Set { .. } | Change::Delete) => {
                (by, Change::Set { value: by.to_string().into_bytes(), expires_at: None })
            }
            pending => {
                let added = if let Some(Change::Add { by }) = pending { *by } else { 0 };
                let by = granted!(add(&key, added, by));
                let committed = self.committed(std::slice::from_ref(&key)).await?.pop().flatten();
                let committed = granted!(committed.map_or(Ok(0), |entry| counter(&key, &entry.value)));
                (granted!(add(&key, committed, by)), Change::Add { by })
            }
        };
        Ok(self.change_key(&key, change).map(|()| sum))
    }

    fn change_key(&mut self, key: &str, change: Change) -> Result<(), Refusal> {
        let value = if let Change::Set { value, .. } = &change { value.len() } else { 0 };
        // The key counts twice: its write, and the guard that may stand beside it.
        let cost = RECORD_BYTES + 2 * key.len() + value;
        self.budget.exchange(self.kv.cost(key), cost)?;
        self.kv.change(key, change, cost);
        Ok(())
    }

    /// One answer for each key; notes what was read, because later writes depend on it.
    async fn read_group(&mut self, keys: &[String]) -> Answer<Vec<Option<Entry>>> {
        let now = self.services.clock.now();
        let unwritten = |key: &&String| matches!(self.kv.pending(key), None | Some(Change::Add { .. }));
        let to_read: Vec<String> = keys.iter().filter(unwritten).cloned().collect();
        let mut read = self.committed(&to_read).await?.into_iter();
        let mut answers = Vec::with_capacity(keys.len());
        for key in keys {
            let answer = match self.kv.pending(key) {
                Some(Change::Set { value, expires_at }) if !is_over(*expires_at, now) => {
                    Some(Entry { value: value.clone(), revision: self.kv.own_revision(key) })
                }
                Some(Change::Set { .. } | Change::Delete) => None,
                Some(Change::Add { by }) => {
                    let (by, entry) = (*by, read.next().flatten());
                    self.kv.note_read(key, entry.as_ref().map(|entry| entry.revision));
                    let value = granted!(entry.map_or(Ok(0), |entry| counter(key, &entry.value)));
                    let value = granted!(add(key, value, by)).to_string().into_bytes();
                    Some(Entry { value, revision: self.kv.own_revision(key) })
                }
                None => {
                    let entry = read.next().flatten();
                    self.kv.note_read(key, entry.as_ref().map(|entry| entry.revision));
                    entry.map(|entry| Entry { value: entry.value, revision: entry.revision.0.to_string() })
                }
            };
            answers.push(answer);
        }
        Ok(Ok(answers))
    }

    async fn committed(&self, keys: &[String]) -> Result<Vec<Option<KvEntry>>, HostFailure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.services.clock.now();
        let read = self.services.ledger.get_many(&self.scope.connection, keys, now).await;
        read.map_err(|error| HostFailure::new("reading keys", error))
    }
}

/// Values read from the ledger before their bytes are counted.
const KEYS_READ_AT_ONCE: usize = 16;

fn check_key(key: &str) -> Result<(), Refusal> {
    if key.is_empty() {
        return Err(Refusal::invalid("a key is empty"));
    }
    if key.len() > limit::KV_KEY_BYTES_MAX {
        return Err(Refusal::too_large(format!(
            "a key has {} bytes; at most {} are taken",
            key.len(),
            limit::KV_KEY_BYTES_MAX
        )));
    }
    Ok(())
}

fn check_value(key: &str, value: &[u8]) -> Result<(), Refusal> {
    if value.len() > limit::KV_VALUE_BYTES_MAX {
        return Err(Refusal::too_large(format!(
            "the value of {key:?} has {} bytes; at most {} are taken",
            value.len(),
            limit::KV_VALUE_BYTES_MAX
        )));
    }
    Ok(())
}

fn expiry(key: &str, ttl_seconds: Option<u32>, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    match ttl_seconds {
        Some(0) => Err(Refusal::invalid(format!("ttl-seconds of {key:?} is 0; delete the key instead"))),
        Some(seconds) => Ok(Some(now.after(Duration::from_secs(u64::from(seconds))))),
        None => Ok(None),
    }
}

fn is_over(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|at| at <= now)
}

fn counter(key: &str, value: &[u8]) -> Result<i64, Refusal> {
    kv::counter(value)
        .ok_or_else(|| Refusal::invalid(format!("the value of {key:?} is not a decimal number of 64 bits")))
}

fn add(key: &str, value: i64, by: i64) -> Result<i64, Refusal> {
    let sum = value.checked_add(by);
    sum.ok_or_else(|| Refusal::invalid(format!("the counter {key:?} would leave the range of 64 bits")))
}

#[cfg(test)]
mod tests;
