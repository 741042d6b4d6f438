//! What is known of an `Idempotency-Key` that came with an action: that a run has begun, and how it was answered.

use std::fmt;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::id::ConnectionId;
use crate::keyed_hash::HashKey;

/// Names the record of one `Idempotency-Key` of one action of one connection. 128 bits of a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyId(pub [u8; 16]);

impl IdempotencyId {
    /// The id for the `Idempotency-Key` that a client sent with this action.
    pub fn of(key: &HashKey, connection: &ConnectionId, action: &str, idempotency_key: &str) -> Self {
        let parts = ["idempotency-key", connection.as_str(), action, idempotency_key];
        Self(key.hash16(&parts.map(str::as_bytes)))
    }
}

/// What is kept of an `Idempotency-Key`. Without an answer it says that a run has begun, and that nobody knows yet how it
/// ends: after a crash, that it may have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// SHA-256 of what was asked: the same key with anything else is a mistake of the client.
    pub request: [u8; 32],
    /// How many runs have begun, the present one included.
    pub attempt: u32,
    /// What was answered, and is answered again; `None` until then.
    pub answer: Option<StoredAnswer>,
    /// When the key counts as never seen.
    pub expires_at: Timestamp,
}

/// An answer that is repeated as it was.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: String,
    /// The body's exact bytes.
    pub body: Bytes,
}

impl fmt::Debug for StoredAnswer {
    /// Without the body, which belongs to the plugin's customers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAnswer")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(hash: u8, connection: &str, action: &str, key: &str) -> IdempotencyId {
        let connection = connection.parse().expect("valid");
        IdempotencyId::of(&HashKey::new(&[hash; HashKey::BYTES]), &connection, action, key)
    }

    #[test]
    fn another_connection_action_key_or_host_has_another_id() {
        let one = id(1, "shop", "track-shipment", "k1");
        assert_eq!(one, id(1, "shop", "track-shipment", "k1"));
        for other in [
            id(1, "shop2", "track-shipment", "k1"),
            id(1, "shop", "get-tracking", "k1"),
            id(1, "shop", "track-shipment", "k2"),
            id(1, "shop", "track-shipmentk", "1"),
            id(2, "shop", "track-shipment", "k1"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn the_body_of_an_answer_is_not_written_to_logs() {
        let answer = StoredAnswer { status: 200, content_type: "application/json".into(), body: "\"4711\"".into() };
        let text = format!("{answer:?}");
        assert!(text.contains("200") && text.contains("body_bytes: 6") && !text.contains("4711"), "{text}");
    }
}
