//! Deliveries: the journey of one event to one endpoint.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::Offset;
use crate::id::{DeliveryId, EventId, SubscriptionId};
use crate::inbox::{Next, Reason};
use crate::limit;
use crate::retry;

/// A delivery that did not succeed at once. One that does leaves nothing behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The same over all attempts, and when the event is delivered to the subscription again.
    pub id: DeliveryId,
    /// To whose endpoint.
    pub subscription: SubscriptionId,
    /// Where the event stands in the log.
    pub offset: Offset,
    /// The event.
    pub event: EventId,
    /// Its type.
    pub event_type: String,
    /// What it is about.
    pub subject: Option<String>,
    /// How it stands.
    pub standing: DeliveryStanding,
}

impl Delivery {
    /// The `Idempotency-Key` with which it calls an action: its id, and a new one for each time that the operator wants the call
    /// made anew.
    pub fn idempotency_key(&self) -> String {
        match (self.standing.replay, self.standing.retries) {
            (0, 0) => self.id.to_string(),
            (replay, retries) => format!("{}.{replay}.{retries}", self.id),
        }
    }
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It is tried again by itself.
    Pending,
    /// The endpoint has taken it.
    Delivered,
    /// It is not tried again by itself.
    Exhausted,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Exhausted];

    /// The word that JSON, queries and metrics use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
        }
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a state; there are pending, delivered, exhausted")]
pub struct InvalidDeliveryState(String);

impl FromStr for DeliveryState {
    type Err = InvalidDeliveryState;

    fn from_str(text: &str) -> Result<Self, InvalidDeliveryState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| InvalidDeliveryState(text.to_owned()))
    }
}

/// How a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryStanding {
    /// How far it has come.
    pub state: DeliveryState,
    /// Attempts that have ended, since the event was read or the operator wanted it tried again.
    pub attempts: u32,
    /// Which replay of the subscription it belongs to: its `replays` when the event was read.
    pub replay: u32,
    /// How often the operator has had this delivery tried again.
    pub retries: u32,
    /// What it waits for; there exactly while it is pending.
    pub next: Option<Next>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// The last attempts, oldest first: at most [`ATTEMPTS_KEPT_MAX`](limit::ATTEMPTS_KEPT_MAX).
    pub history: Vec<Attempt>,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The HTTP status of the answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it failed; absent when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The endpoint has taken it.
    Delivered {
        /// The HTTP status of the answer.
        status: u16,
    },
    /// It may succeed later.
    Failed {
        /// The HTTP status of the answer, if there was one.
        status: Option<u16>,
        /// Why.
        reason: Reason,
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// The provider has refused the credentials of the action's connection: it waits for the next activation.
    Unauthorized(Reason),
    /// The endpoint takes no more events at all (410).
    Gone(Reason),
    /// It can never succeed by itself.
    Never {
        /// The HTTP status of the answer, if there was one.
        status: Option<u16>,
        /// Why.
        reason: Reason,
    },
}

/// Why an attempt failed: the message is cut to [`ATTEMPT_MESSAGE_BYTES_MAX`](limit::ATTEMPT_MESSAGE_BYTES_MAX).
pub fn reason(code: impl Into<String>, message: impl Into<String>) -> Reason {
    let mut message = message.into();
    message.truncate(message.floor_char_boundary(limit::ATTEMPT_MESSAGE_BYTES_MAX));
    Reason { code: code.into(), message }
}

impl DeliveryStanding {
    /// Not tried yet; `replay` is the number of replays in the subscription's position.
    pub const fn new(now: Timestamp, replay: u32) -> Self {
        let (state, next) = (DeliveryState::Pending, Some(Next::At(now)));
        Self { state, attempts: 0, replay, retries: 0, next, since: now, history: Vec::new() }
    }

    /// After one more attempt, which began and took as given. `random` spreads those that failed together.
    #[must_use]
    pub fn after(&self, outcome: &AttemptOutcome, began: Timestamp, now: Timestamp, random: u32) -> Self {
        let attempts = self.attempts.saturating_add(1);
        let (status, error) = match outcome {
            AttemptOutcome::Delivered { status } => (Some(*status), None),
            AttemptOutcome::Failed { status, reason, .. } | AttemptOutcome::Never { status, reason } => {
                (*status, Some(reason.clone()))
            }
            AttemptOutcome::Unauthorized(reason) => (None, Some(reason.clone())),
            AttemptOutcome::Gone(reason) => (Some(410), Some(reason.clone())),
        };
        let (state, next) = match outcome {
            AttemptOutcome::Delivered { .. } => (DeliveryState::Delivered, None),
            AttemptOutcome::Never { .. } => (DeliveryState::Exhausted, None),
            AttemptOutcome::Unauthorized(_) => (DeliveryState::Pending, Some(Next::Activation)),
            // What takes no more is paused, so that this is when it is resumed.
            AttemptOutcome::Gone(_) => (DeliveryState::Pending, Some(Next::At(now))),
            AttemptOutcome::Failed { .. } if attempts > retry::DELIVERY.waits() => (DeliveryState::Exhausted, None),
            AttemptOutcome::Failed { retry_after, .. } => {
                let at_least = retry_after.map(|after| after.min(limit::RETRY_AFTER_MAX));
                let wait = retry::DELIVERY.wait(attempts, at_least, random);
                (DeliveryState::Pending, Some(Next::At(now.after(wait))))
            }
        };
        let took_ms = u64::try_from(now.as_millis().saturating_sub(began.as_millis())).unwrap_or(0);
        let mut history = self.history.clone();
        history.push(Attempt { at: began, took_ms, status, error });
        let surplus = history.len().saturating_sub(limit::ATTEMPTS_KEPT_MAX);
        history.drain(..surplus);
        let since = if state == self.state { self.since } else { now };
        Self { state, attempts, replay: self.replay, retries: self.retries, next, since, history }
    }

    /// The operator wants it tried again, whatever became of it; its attempts are counted anew.
    #[must_use]
    pub fn retried(&self, now: Timestamp) -> Self {
        let retries = self.retries.saturating_add(1);
        Self { retries, history: self.history.clone(), ..Self::new(now, self.replay) }
    }

    /// Why the last attempt failed.
    pub fn error(&self) -> Option<&Reason> {
        self.history.last()?.error.as_ref()
    }
}

/// A pending delivery, as a host that starts has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDelivery {
    /// Where its event stands.
    pub offset: Offset,
    /// What the event is about.
    pub subject: Option<String>,
    /// What it waits for.
    pub next: Next,
}

/// Which deliveries a reader wants. What is empty or absent means "any".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Subscriptions.
    pub subscriptions: Vec<SubscriptionId>,
    /// States.
    pub states: Vec<DeliveryState>,
    /// Those in their state since then, or later.
    pub since: Option<Timestamp>,
    /// Those in their state since before then.
    pub until: Option<Timestamp>,
}

impl DeliveryFilter {
    /// Whether a delivery passes.
    pub fn matches(&self, delivery: &Delivery) -> bool {
        let standing = &delivery.standing;
        (self.subscriptions.is_empty() || self.subscriptions.contains(&delivery.subscription))
            && (self.states.is_empty() || self.states.contains(&standing.state))
            && self.since.is_none_or(|since| standing.since >= since)
            && self.until.is_none_or(|until| standing.since < until)
    }
}

/// How many deliveries of one subscription are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryDepth {
    /// Whose.
    pub subscription: SubscriptionId,
    /// Those that wait to be tried again.
    pub pending: u64,
    /// Those that were given up.
    pub exhausted: u64,
    /// Since when the oldest pending one is pending.
    pub oldest_pending: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: u32 = u32::MAX / 2;

    fn reason() -> Reason {
        Reason { code: "http-500".into(), message: "it answered 500".into() }
    }

    fn failed(retry_after: Option<Duration>) -> AttemptOutcome {
        AttemptOutcome::Failed { status: Some(500), reason: reason(), retry_after }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn an_endpoint_that_fails_is_tried_ten_times_in_all() {
        let mut standing = DeliveryStanding::new(at(0), 0);
        let mut waits = Vec::new();
        while standing.state == DeliveryState::Pending {
            standing = standing.after(&failed(None), at(0), at(0), HALF);
            if let Some(Next::At(next)) = standing.next {
                waits.push((next.as_millis() + 500) / 1_000);
            }
        }
        let hours = |hours: i64| hours * 3_600;
        assert_eq!(waits, [5, 300, 1_800, hours(2), hours(5), hours(10), hours(14), hours(20), hours(24)]);
        assert_eq!((standing.state, standing.attempts, standing.next), (DeliveryState::Exhausted, 10, None));
    }

    #[test]
    fn a_receiver_says_when_but_not_later_than_in_a_day() {
        let standing = DeliveryStanding::new(at(0), 0);
        let next = |after| standing.after(&failed(Some(Duration::from_secs(after))), at(0), at(0), HALF).next;
        assert_eq!(next(600), Some(Next::At(at(600_000))));
        assert_eq!(next(10 * 365 * 86_400), Some(Next::At(at(86_400_000))));
    }

    #[test]
    fn what_can_never_succeed_is_not_tried_again_until_the_operator_wants_it() {
        let standing = DeliveryStanding::new(at(0), 3);
        let never = AttemptOutcome::Never { status: None, reason: reason() };
        let exhausted = standing.after(&never, at(0), at(7), 0);
        assert_eq!((exhausted.state, exhausted.since), (DeliveryState::Exhausted, at(7)));
        let retried = exhausted.retried(at(9));
        assert_eq!((retried.state, retried.attempts), (DeliveryState::Pending, 0));
        assert_eq!((retried.replay, retried.retries), (3, 1));
        assert_eq!((retried.next, retried.history.len()), (Some(Next::At(at(9))), 1));
    }

    #[test]
    fn the_history_is_bounded_and_ends_with_the_last_attempt() {
        let mut standing = DeliveryStanding::new(at(0), 0);
        for number in 0..40 {
            standing = standing.after(&failed(None), at(number), at(number + 2), 0);
        }
        assert_eq!(standing.history.len(), limit::ATTEMPTS_KEPT_MAX);
        let last = standing.history.last().expect("there are some");
        assert_eq!((last.at, last.took_ms, last.status), (at(39), 2, Some(500)));
    }
}
