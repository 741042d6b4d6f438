//! A verified webhook at its receipt, and everything that is settled then.

use std::time::Duration;

use hookyard_domain::commit::MarkKey;
use hookyard_domain::inbox::{Place, Source};
use hookyard_domain::limit;
use hookyard_domain::manifest::webhook::Acknowledge;
use hookyard_domain::webhook::{KeptWebhook, VerifiedWebhook};
use tokio::time::Instant;

use crate::connections::{Connection, Ready};

/// A webhook that has been received.
#[derive(Debug)]
pub(super) struct Reception {
    pub(super) webhook: VerifiedWebhook,
    /// In the order of receipt.
    pub(super) place: Place,
    pub(super) source: Source,
    /// Says that the webhook was handled; set together with its effects.
    pub(super) mark: Option<MarkKey>,
    /// Dedupe keys count neither for the webhook nor for its events.
    pub(super) fresh: bool,
    /// When the provider has its answer: waiting, every run and the commit lie before.
    pub(super) until: Instant,
}

impl Reception {
    /// Begins now.
    pub(super) fn begin(
        connection: &Connection,
        webhook: VerifiedWebhook,
        source: Source,
        fresh: bool,
        place: Place,
    ) -> Self {
        let mark = webhook.dedupe_key().filter(|_| !fresh).map(|key| mark_of(connection, key));
        Self { webhook, place, source, mark, fresh, until: Instant::now() + answer_within(connection) }
    }

    /// The webhook as the inbox keeps it.
    pub(super) fn to_kept(&self) -> KeptWebhook {
        self.webhook.to_kept(self.place, self.source, self.mark, self.fresh)
    }
}

/// The mark of a handled webhook.
fn mark_of(connection: &Connection, dedupe_key: &str) -> MarkKey {
    let parts = ["webhook", connection.id.as_str(), dedupe_key];
    MarkKey(connection.hash_key.hash16(&parts.map(str::as_bytes)))
}

/// How long the provider waits: the manifest's `answer_within_ms`, but no longer than the whole deadline of an invocation.
fn answer_within(connection: &Connection) -> Duration {
    let Some(ready) = &connection.ready else { return Duration::ZERO };
    let asked = ready.webhook.as_ref().and_then(|entry| entry.rules.answer_within_ms).map(Duration::from_millis);
    asked.unwrap_or(limit::DEADLINE_MAX).min(ready.limits.deadline)
}

/// Whether the provider is answered before the plugin is called.
pub(super) fn on_receipt(ready: &Ready) -> bool {
    ready.webhook.as_ref().is_some_and(|entry| entry.rules.acknowledge == Acknowledge::OnReceipt)
}
