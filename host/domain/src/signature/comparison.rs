//! Comparing what a stranger presents with what is expected.

use std::fmt;

use ring::hmac;

/// An expected value. Comparing takes the same time wherever the first difference lies: both sides are hashed, and
/// `ring` compares the hashes in constant time. The value itself is not kept.
#[derive(Clone)]
pub(crate) struct Expected {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Expected {
    pub(crate) fn new(value: &[u8]) -> Self {
        // What makes the comparison constant-time is that of the tags; the key need not be secret.
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"hookyard comparison");
        let tag = hmac::sign(&key, value);
        Self { key, tag }
    }

    pub(crate) fn is(&self, presented: &[u8]) -> bool {
        hmac::verify(&self.key, presented, self.tag.as_ref()).is_ok()
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}
