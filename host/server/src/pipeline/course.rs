//! How one webhook is to be handled, from its receipt to its answer.

use std::time::Duration;

use hookyard_domain::commit::MarkKey;
use hookyard_domain::limit;
use tokio::time::Instant;

use crate::connections::Connection;

/// What was settled at receipt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// Says that the webhook was handled; set together with its effects.
    pub(super) mark: Option<MarkKey>,
    /// Dedupe keys count neither for the webhook nor for its events.
    pub(super) fresh: bool,
    /// When the provider has its answer: waiting, every run and the commit lie before.
    pub(super) until: Instant,
}

impl Course {
    /// Begins now.
    pub(super) fn begin(connection: &Connection, mark: Option<MarkKey>, fresh: bool) -> Self {
        Self { mark, fresh, until: Instant::now() + answer_within(connection) }
    }
}

/// How long the provider waits: the manifest's `answer_within_ms`, but no longer than the whole deadline of an invocation.
fn answer_within(connection: &Connection) -> Duration {
    let Some(ready) = &connection.ready else { return Duration::ZERO };
    let asked = ready.webhook.as_ref().and_then(|entry| entry.rules.answer_within_ms).map(Duration::from_millis);
    asked.unwrap_or(limit::DEADLINE_MAX).min(ready.limits.deadline)
}
