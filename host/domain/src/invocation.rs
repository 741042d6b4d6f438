//! One call into a guest: its cause, its limits and its outcome.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::hex::hex;
use crate::id::{ConnectionId, InvocationId, WebhookId};
use crate::keyed_hash::HashKey;
use crate::timer::Generation;

/// Why a guest is called: what stays the same when the call is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A webhook with a dedupe key.
    DedupeKey(String),
    /// A webhook without one.
    Webhook(WebhookId),
    /// An action that came with the client's own name for the call.
    ActionKey {
        /// The action.
        action: String,
        /// The client's `Idempotency-Key`.
        key: String,
    },
    /// A timer that is due.
    Timer {
        /// Its name.
        name: String,
        /// Which start of it: the next one is another cause.
        generation: Generation,
    },
    /// A call that nobody will repeat: an action without such a name, an activation. The id tells it from all others.
    Call(InvocationId),
}

/// Derives the keys that a guest passes on to providers, so that a repeated call repeats them.
#[derive(Debug, Clone)]
pub struct IdempotencyKeys {
    key: HashKey,
    connection: ConnectionId,
    cause: Cause,
}

impl IdempotencyKeys {
    /// The keys of one cause at one connection.
    pub fn new(key: HashKey, connection: ConnectionId, cause: Cause) -> Self {
        Self { key, connection, cause }
    }

    /// 32 of `0-9a-f`: 128 bits of a keyed hash over connection, cause and purpose.
    pub fn for_purpose(&self, purpose: &str) -> String {
        let (sort, cause, key) = match &self.cause {
            Cause::DedupeKey(key) => ("dedupe", key.clone(), ""),
            Cause::Webhook(id) => ("webhook", id.to_string(), ""),
            Cause::ActionKey { action, key } => ("action", action.clone(), key.as_str()),
            Cause::Timer { name, generation } => ("timer", generation.to_string(), name.as_str()),
            Cause::Call(id) => ("call", id.to_string(), ""),
        };
        let parts = ["idempotency", self.connection.as_str(), sort, &cause, key, purpose];
        hex(&self.key.hash16(&parts.map(str::as_bytes)))
    }
}

/// Bounds of one invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvocationLimits {
    /// Linear memory of all the guest's modules together, in bytes.
    pub memory_bytes: usize,
    /// Wall time for the whole call, waiting included.
    pub deadline: Duration,
    /// Time that the guest itself may burn.
    pub cpu: Duration,
}

/// What the host does next about an error of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input is wrong and stays wrong.
    Invalid,
    /// The provider refused the credentials.
    Unauthorized,
    /// The provider is busy or down.
    Unavailable,
    /// Anything else that does not get better by itself.
    Failed,
}

impl ErrorKind {
    /// The word that logs, metrics and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}

/// An error that a plugin returned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {code}: {message}", kind.as_str())]
pub struct PluginError {
    /// What to do about it.
    pub kind: ErrorKind,
    /// A stable machine-readable word.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// Not to be tried again before.
    pub retry_after: Option<Duration>,
    /// Members for the problem document.
    pub details: Map<String, Value>,
}

impl PluginError {
    /// An error without details that may be tried again at any time.
    pub fn new(kind: ErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), retry_after: None, details: Map::new() }
    }
}

/// How severe a guest says that a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// For the plugin's author.
    Debug,
    /// For the operator.
    Info,
    /// Should be looked at.
    Warn,
    /// Must be looked at.
    Error,
}

impl LogLevel {
    /// The word that logs and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A line that a guest logged, or wrote to stdout (`info`) or stderr (`warn`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its severity.
    pub level: LogLevel,
    /// Its text, without a line end.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idempotency_keys_depend_on_connection_cause_and_purpose_alone() {
        let keys = |connection: &str, cause: &str| {
            let connection = connection.parse().expect("valid");
            IdempotencyKeys::new(HashKey::new(&[3; 32]), connection, Cause::DedupeKey(cause.into()))
        };
        let one = keys("a", "x").for_purpose("create");
        assert_eq!(one.len(), 32);
        assert_eq!(one, keys("a", "x").for_purpose("create"));
        assert_ne!(one, keys("a", "x").for_purpose("update"));
        assert_ne!(one, keys("a", "y").for_purpose("create"));
        assert_ne!(one, keys("b", "x").for_purpose("create"));
    }

    #[test]
    fn each_start_of_a_timer_has_keys_of_its_own() {
        let key = |name: &str, generation| {
            let cause = Cause::Timer { name: name.to_owned(), generation: Generation(generation) };
            let keys = IdempotencyKeys::new(HashKey::new(&[3; 32]), "a".parse().expect("valid"), cause);
            keys.for_purpose("create")
        };
        assert_eq!(key("poll", 1), key("poll", 1), "every run of one start");
        assert_ne!(key("poll", 1), key("poll", 2));
        assert_ne!(key("poll", 1), key("other", 1));
    }
}
