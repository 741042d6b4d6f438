//! A connection's key-value pairs.

use crate::clock::Timestamp;

/// Names one state of one key. Opaque to guests: compared for equality only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revision(pub u64);

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvEntry {
    /// The bytes that were set.
    pub value: Vec<u8>,
    /// Changes with every write of the key.
    pub revision: Revision,
    /// When the key ceases to exist, if ever.
    pub expires_at: Option<Timestamp>,
}

/// The number in a counter's value: what `increment` adds to. `None` if it is not a decimal number of 64 bits.
pub fn counter(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
