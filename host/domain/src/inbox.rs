//! The inbox: webhooks that were accepted and are not (or not successfully) handled yet, and what becomes of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{ConnectionId, WebhookId};
use crate::invocation::{ErrorKind, PluginError};
use crate::limit;
use crate::retry;
use crate::webhook::KeptWebhook;

/// Where a webhook or a call stands in the order of receipt: of two, the one with the lower place came first. Never given twice,
/// and above every older one also after a restart or when the clock was set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Place(pub u64);

impl Place {
    /// The place after `last`, given at `now`.
    #[must_use]
    pub fn after(last: Self, now: Timestamp) -> Self {
        // 20 bits within each millisecond; 43 bits of milliseconds reach beyond the year 2200.
        let by_time = u64::try_from(now.as_millis()).unwrap_or(0) << 20;
        Self(by_time.max(last.0 + 1))
    }
}

/// Who sent a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The provider.
    Provider,
    /// The operator, as a test.
    Trigger,
}

impl Source {
    /// The word that JSON and rows use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Trigger => "trigger",
        }
    }
}

/// How far a kept webhook has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookState {
    /// It will be handled, or tried again, by itself.
    Pending,
    /// It is not tried again by itself. Never dropped.
    Failed,
    /// Its effects are durable.
    Handled,
    /// The operator decided that it is not to be handled.
    Skipped,
}

impl WebhookState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Failed, Self::Handled, Self::Skipped];

    /// The word that JSON, queries and metrics use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Handled => "handled",
            Self::Skipped => "skipped",
        }
    }

    /// Whether what is in this state takes room in the inbox.
    pub const fn is_unsettled(self) -> bool {
        matches!(self, Self::Pending | Self::Failed)
    }
}

impl fmt::Display for WebhookState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a state; there are pending, failed, handled, skipped")]
pub struct InvalidState(String);

impl FromStr for WebhookState {
    type Err = InvalidState;

    fn from_str(text: &str) -> Result<Self, InvalidState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| InvalidState(text.to_owned()))
    }
}

/// What something that is to be run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// This moment, or any later one.
    At(Timestamp),
    /// The next successful `activate` of its connection: the provider has refused the credentials.
    Activation,
}

/// Why the last run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word: the plugin's code, or `plugin-trap`, `deadline`, `conflict`, `invalid-response`, `declined`.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

impl From<&PluginError> for Reason {
    fn from(error: &PluginError) -> Self {
        Self { code: error.code.clone(), message: error.message.clone() }
    }
}

/// What is done about something that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It runs again.
    Again(Next),
    /// It does not run again by itself.
    GiveUp,
}

/// What is done about a kept webhook or a timer whose `attempts`-th run (counted from 1) has failed. A trap, a deadline and conflicts
/// count as [`ErrorKind::Unavailable`]. `random` spreads those that failed together. Where the plugin `can_activate`, refused
/// credentials wait for that; else they are tried again like everything else.
pub fn verdict(error: &PluginError, attempts: u32, can_activate: bool, now: Timestamp, random: u32) -> Verdict {
    match error.kind {
        ErrorKind::Invalid | ErrorKind::Failed => Verdict::GiveUp,
        ErrorKind::Unauthorized if can_activate => Verdict::Again(Next::Activation),
        ErrorKind::Unauthorized | ErrorKind::Unavailable if attempts > retry::INBOX.waits() => Verdict::GiveUp,
        ErrorKind::Unauthorized | ErrorKind::Unavailable => {
            let at_least = error.retry_after.map(|after| after.min(limit::RETRY_AFTER_MAX));
            Verdict::Again(Next::At(now.after(retry::INBOX.wait(attempts, at_least, random))))
        }
    }
}

/// How a kept webhook stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How far it has come.
    pub state: WebhookState,
    /// Runs that have ended since it was received, or replayed last.
    pub attempts: u32,
    /// What it waits for; there exactly while it is pending.
    pub next: Option<Next>,
    /// Why its last run failed. Stays when it is handled in the end, and when it is skipped.
    pub error: Option<Reason>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// It failed and a repeat by the provider has armed it again, which happens once.
    pub rearmed: bool,
    /// It failed and goes on blocking its order key, because the manifest says so.
    pub blocks: bool,
}

impl Standing {
    /// Kept before it was run at all: it is to be run as soon as its turn comes.
    pub const fn fresh(now: Timestamp) -> Self {
        Self::pending(now, 0, Next::At(now), None)
    }

    /// Handled in its first run.
    pub const fn handled_at_once(now: Timestamp) -> Self {
        let state = WebhookState::Handled;
        Self { state, attempts: 1, next: None, error: None, since: now, rearmed: false, blocks: false }
    }

    const fn pending(now: Timestamp, attempts: u32, next: Next, error: Option<Reason>) -> Self {
        let state = WebhookState::Pending;
        Self { state, attempts, next: Some(next), error, since: now, rearmed: false, blocks: false }
    }

    /// After one more run, which failed. `order_blocks` is the manifest's.
    #[must_use]
    pub fn after_failure(&self, error: &PluginError, verdict: Verdict, order_blocks: bool, now: Timestamp) -> Self {
        let (attempts, error) = (self.attempts.saturating_add(1), Some(Reason::from(error)));
        match verdict {
            Verdict::Again(next) => {
                let since = if self.state == WebhookState::Pending { self.since } else { now };
                Self { since, rearmed: self.rearmed, ..Self::pending(now, attempts, next, error) }
            }
            Verdict::GiveUp => Self {
                state: WebhookState::Failed,
                attempts,
                next: None,
                error,
                since: now,
                rearmed: self.rearmed,
                blocks: order_blocks,
            },
        }
    }

    /// After one more run, whose effects are durable with this.
    #[must_use]
    pub fn handled(&self, now: Timestamp) -> Self {
        let attempts = self.attempts.saturating_add(1);
        Self { state: WebhookState::Handled, attempts, next: None, since: now, blocks: false, ..self.clone() }
    }

    /// The operator does not want it handled.
    #[must_use]
    pub fn skipped(&self, now: Timestamp) -> Self {
        Self { state: WebhookState::Skipped, next: None, since: now, blocks: false, ..self.clone() }
    }

    /// The operator wants it run now, whatever became of it; its attempts are counted anew.
    #[must_use]
    pub fn replayed(&self, now: Timestamp) -> Self {
        Self::pending(now, 0, Next::At(now), self.error.clone())
    }

    /// The provider has sent it again: one that failed runs again, once. `None`: nothing changes.
    #[must_use]
    pub fn repeated(&self, now: Timestamp) -> Option<Self> {
        (self.state == WebhookState::Failed && !self.rearmed)
            .then(|| Self { rearmed: true, ..Self::pending(now, 0, Next::At(now), self.error.clone()) })
    }

    /// Whether it still takes room in the inbox: what is pending or failed does.
    pub const fn is_unsettled(&self) -> bool {
        self.state.is_unsettled()
    }

    /// Whether its order key waits for it.
    pub const fn holds_order_key(&self) -> bool {
        matches!(self.state, WebhookState::Pending) || self.blocks
    }
}

/// A webhook in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxEntry {
    /// What was received.
    pub webhook: KeptWebhook,
    /// How it stands.
    pub standing: Standing,
    /// Counts its changes: a commit that changes it names the version that it has seen.
    pub version: u32,
}

/// The part of an entry that scheduling it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingWebhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub connection: ConnectionId,
    /// Its place in the order of receipt.
    pub place: Place,
    /// Its order key.
    pub order_key: Option<String>,
    /// What it waits for; `None`: it failed and only blocks its order key.
    pub next: Option<Next>,
}

/// What is known of a webhook's dedupe key when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is new.
    No,
    /// It was handled within the retention time of marks.
    Handled,
    /// It waits in the inbox, or failed.
    Kept {
        /// Which one.
        id: WebhookId,
        /// How it stands.
        standing: Standing,
        /// The version of that.
        version: u32,
    },
}

/// Which entries are meant. Empty lists mean any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookFilter {
    /// Of these connections.
    pub connections: Vec<ConnectionId>,
    /// In these states.
    pub states: Vec<WebhookState>,
    /// Received then or later.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
}

impl WebhookFilter {
    /// Whether an entry is meant.
    pub fn matches(&self, webhook: &KeptWebhook, standing: &Standing) -> bool {
        (self.connections.is_empty() || self.connections.contains(&webhook.connection))
            && (self.states.is_empty() || self.states.contains(&standing.state))
            && self.since.is_none_or(|since| webhook.received_at >= since)
            && self.until.is_none_or(|until| webhook.received_at < until)
    }
}

/// How much of one connection is in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxDepth {
    /// Whose.
    pub connection: ConnectionId,
    /// Pending entries.
    pub pending: u64,
    /// Failed entries.
    pub failed: u64,
    /// When the oldest pending one was received.
    pub oldest_pending: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_000_000)
    }

    fn error(kind: ErrorKind) -> PluginError {
        PluginError::new(kind, "busy", "it is busy")
    }

    #[test]
    fn places_only_grow() {
        let first = Place::after(Place::default(), now());
        assert!(Place::after(first, now()) > first);
        assert!(Place::after(first, Timestamp::from_millis(5)) > first, "also when the clock was set back");
        assert!(
            i64::try_from(Place::after(first, Timestamp::from_millis(4_102_444_800_000)).0).is_ok(),
            "a row id, in 2100"
        );
    }

    #[test]
    fn every_kind_of_error_has_its_verdict() {
        let of = |kind, attempts, can_activate| verdict(&error(kind), attempts, can_activate, now(), u32::MAX / 2);
        assert_eq!(of(ErrorKind::Invalid, 1, true), Verdict::GiveUp);
        assert_eq!(of(ErrorKind::Failed, 1, true), Verdict::GiveUp);
        assert_eq!(of(ErrorKind::Unauthorized, 100, true), Verdict::Again(Next::Activation));
        assert!(matches!(of(ErrorKind::Unauthorized, 1, false), Verdict::Again(Next::At(_))));
        assert_eq!(of(ErrorKind::Unauthorized, 9, false), Verdict::GiveUp);
    }

    #[test]
    fn an_unavailable_provider_is_tried_for_a_day_and_then_given_up() {
        let mut waits = Vec::new();
        for attempt in 1.. {
            match verdict(&error(ErrorKind::Unavailable), attempt, true, now(), u32::MAX / 2) {
                Verdict::Again(Next::At(at)) => waits.push((at.as_millis() - now().as_millis() + 500) / 1_000),
                Verdict::Again(Next::Activation) => unreachable!("that is not what it waits for"),
                Verdict::GiveUp => break,
            }
        }
        assert_eq!(waits, [5, 30, 120, 600, 3_600, 10_800, 21_600, 43_200]);
    }

    #[test]
    fn a_provider_that_says_when_is_not_asked_before_but_does_not_put_it_off_for_ever() {
        let asked =
            |seconds| PluginError { retry_after: Some(Duration::from_secs(seconds)), ..error(ErrorKind::Unavailable) };
        let at = |seconds| verdict(&asked(seconds), 1, true, now(), 0);
        assert_eq!(at(60), Verdict::Again(Next::At(now().after(Duration::from_secs(60)))));
        assert_eq!(at(10_000_000), Verdict::Again(Next::At(now().after(limit::RETRY_AFTER_MAX))));
    }

    #[test]
    fn a_repeat_arms_what_failed_again_once() {
        let failed = Standing::fresh(now()).after_failure(&error(ErrorKind::Failed), Verdict::GiveUp, false, now());
        assert_eq!((failed.state, failed.attempts, failed.next), (WebhookState::Failed, 1, None));
        let again = failed.repeated(now()).expect("runs again");
        assert_eq!((again.state, again.attempts), (WebhookState::Pending, 0));
        assert_eq!(again.repeated(now()), None, "it waits already");
        let failed = again.after_failure(&error(ErrorKind::Failed), Verdict::GiveUp, false, now());
        assert_eq!(failed.repeated(now()), None, "once");
        let replayed = failed.replayed(now()).after_failure(&error(ErrorKind::Failed), Verdict::GiveUp, false, now());
        assert!(replayed.repeated(now()).is_some(), "the operator began anew");
    }

    #[test]
    fn what_failed_frees_its_order_key_unless_it_blocks() {
        let fresh = Standing::fresh(now());
        let failed = |blocks| fresh.after_failure(&error(ErrorKind::Failed), Verdict::GiveUp, blocks, now());
        assert!(fresh.holds_order_key() && failed(true).holds_order_key() && !failed(false).holds_order_key());
        assert!(!failed(true).skipped(now()).holds_order_key() && !failed(true).handled(now()).holds_order_key());
    }
}
