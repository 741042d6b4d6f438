//! Events that a plugin emits.

use serde::Serialize;

use crate::{Refusal, imports};

/// An event on its way to the host.
///
/// Events leave only if the invocation succeeds, in one transaction with its key-value writes, in the order of the calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub(crate) kind: String,
    pub(crate) subject: Option<String>,
    pub(crate) dedupe_key: Option<String>,
    pub(crate) time: Option<String>,
}

impl Event {
    /// An event of a kind that the manifest declares: past tense, dotted, without the plugin's name (`shipment.updated`).
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), subject: None, dedupe_key: None, time: None }
    }

    /// What it is about, for example a conversation id. Becomes the CloudEvents `subject`.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<Option<String>>) -> Self {
        self.subject = subject.into();
        self
    }

    /// The provider's id of this one fact, for webhooks that carry several and for polling. For as long as dedupe keys are kept,
    /// an event of this connection and kind with a known id is not appended again.
    #[must_use]
    pub fn dedupe_key(mut self, key: impl Into<Option<String>>) -> Self {
        self.dedupe_key = key.into();
        self
    }

    /// RFC 3339: when the provider says that it happened; the time of receipt when absent.
    #[must_use]
    pub fn time(mut self, time: impl Into<Option<String>>) -> Self {
        self.time = time.into();
        self
    }

    /// Hands it to the host, with this data. The data must be valid against the schema that the manifest declares for the kind,
    /// and is kept as it is serialised here: what is a [`RawValue`](crate::RawValue) keeps its text.
    ///
    /// Refused as `invalid` when kind, data, subject or time are not what they should be, as `too-large` and `too-many` beyond
    /// the host's limits.
    pub fn emit(self, data: &impl Serialize) -> Result<(), Refusal> {
        let data = serde_json::to_string(data).map_err(|error| Refusal::invalid(error.to_string()))?;
        imports::emit(self, data)
    }
}
