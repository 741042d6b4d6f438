//! Key-value pairs of one connection: what is committed, and what the running invocation has written.

use std::collections::BTreeMap;

use crate::kv::{Entry, Expected, Options, Page};
use crate::{Error, Refusal};

/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 512;
/// Largest value, in bytes.
const VALUE_BYTES_MAX: usize = 256 * 1024;
/// Most keys of one page.
const PAGE_MAX: u32 = 1_000;

/// A value and its end.
#[derive(Debug, Clone)]
struct Stored {
    entry: Entry,
    expires_at: Option<u64>,
}

/// The pairs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    pairs: BTreeMap<String, Stored>,
    now: u64,
    writes: u64,
    /// A write that was to happen only under a condition that does not hold.
    conflict: Option<String>,
}

impl Keys {
    /// The same pairs at a later time.
    pub(crate) fn at(mut self, now: u64) -> Self {
        self.now = now;
        self.pairs.retain(|_, stored| stored.expires_at.is_none_or(|end| end > now));
        self
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Entry>, Refusal> {
        check_key(key)?;
        Ok(self.pairs.get(key).map(|stored| stored.entry.clone()))
    }

    pub(crate) fn set(&mut self, key: &str, value: &[u8], options: Options) -> Result<(), Refusal> {
        check_key(key)?;
        if value.len() > VALUE_BYTES_MAX {
            return Err(refused("too-large", format!("a value may have {VALUE_BYTES_MAX} bytes")));
        }
        let Options { ttl_seconds, expected } = options;
        let standing = self.pairs.get(key).map(|stored| stored.entry.revision.as_str());
        let holds = match expected {
            Expected::AsRead | Expected::Anything => true,
            Expected::Absent => standing.is_none(),
            Expected::Revision(revision) => standing == Some(revision.as_str()),
        };
        if !holds {
            self.conflict.get_or_insert_with(|| key.to_owned());
        }
        self.put(key, value.to_vec(), ttl_seconds.map(|seconds| self.now + u64::from(seconds)));
        Ok(())
    }

    pub(crate) fn delete(&mut self, key: &str) -> Result<(), Refusal> {
        check_key(key)?;
        self.pairs.remove(key);
        Ok(())
    }

    pub(crate) fn increment(&mut self, key: &str, by: i32) -> Result<i64, Refusal> {
        check_key(key)?;
        let not_a_number = || refused("invalid", format!("the value under `{key}` is not a decimal number"));
        let (standing, expires_at) = match self.pairs.get(key) {
            None => (0, None),
            Some(stored) => {
                let text = std::str::from_utf8(&stored.entry.value).map_err(|_| not_a_number())?;
                (text.parse::<i64>().map_err(|_| not_a_number())?, stored.expires_at)
            }
        };
        let sum =
            standing.checked_add(i64::from(by)).ok_or_else(|| refused("invalid", "the counter is full".to_owned()))?;
        self.put(key, sum.to_string().into_bytes(), expires_at);
        Ok(sum)
    }

    pub(crate) fn list(&self, prefix: &str, after: Option<&str>, max: u32) -> Result<Page, Refusal> {
        let max = usize::try_from(max.min(PAGE_MAX)).unwrap_or(usize::MAX);
        let mut keys: Vec<String> = self
            .pairs
            .keys()
            .filter(|key| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
            .take(max.saturating_add(1))
            .cloned()
            .collect();
        let more = keys.len() > max;
        keys.truncate(max);
        let next = if more { keys.last().cloned() } else { None };
        Ok(Page { keys, next })
    }

    /// What the real host ends with after it has run the invocation again and again.
    pub(crate) fn conflict(&mut self) -> Option<Error> {
        let key = self.conflict.take()?;
        Some(Error::unavailable("conflict", format!("the key `{key}` is not as the plugin expected it")))
    }

    fn put(&mut self, key: &str, value: Vec<u8>, expires_at: Option<u64>) {
        self.writes += 1;
        let entry = Entry { value, revision: self.writes.to_string() };
        self.pairs.insert(key.to_owned(), Stored { entry, expires_at });
    }
}

fn check_key(key: &str) -> Result<(), Refusal> {
    match key.len() {
        0 => Err(refused("invalid", "a key must not be empty".to_owned())),
        1..=KEY_BYTES_MAX => Ok(()),
        _ => Err(refused("too-large", format!("a key may have {KEY_BYTES_MAX} bytes"))),
    }
}

fn refused(code: &str, message: String) -> Refusal {
    Refusal { code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_expire_count_and_are_listed_in_order() {
        let mut keys = Keys::default().at(100);
        keys.set("b", b"1", Options { ttl_seconds: Some(10), ..Options::default() }).expect("allowed");
        keys.set("a/2", b"x", Options::default()).expect("allowed");
        assert_eq!(keys.increment("a/1", 3).expect("a new counter"), 3);
        assert_eq!(keys.increment("a/1", -5).expect("a counter"), -2);
        assert_eq!(keys.increment("a/2", 1).expect_err("not a number").code, "invalid");
        assert_eq!(
            keys.list("a/", None, 1).expect("allowed"),
            Page { keys: vec!["a/1".into()], next: Some("a/1".into()) }
        );
        assert_eq!(
            keys.list("", Some("a/1"), 9).expect("allowed"),
            Page { keys: vec!["a/2".into(), "b".into()], next: None }
        );
        let keys = keys.at(110);
        assert_eq!(keys.get("b").expect("allowed"), None);
    }

    #[test]
    fn a_broken_expectation_is_a_conflict() {
        let mut keys = Keys::default().at(0);
        let absent = || Options { expected: Expected::Absent, ..Options::default() };
        keys.set("a", b"1", absent()).expect("allowed");
        assert_eq!(keys.conflict(), None);
        let revision = keys.get("a").expect("allowed").expect("there").revision;
        keys.set("a", b"2", Options { expected: Expected::Revision(revision), ..Options::default() }).expect("allowed");
        assert_eq!(keys.conflict(), None);
        keys.set("a", b"3", absent()).expect("allowed");
        assert_eq!(keys.conflict().map(|error| error.code), Some("conflict".to_owned()));
    }
}
