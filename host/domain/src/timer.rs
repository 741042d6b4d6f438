//! Timers: what a connection's plugin wants to be called for later.

use std::fmt;

use crate::clock::Timestamp;
use crate::id::ConnectionId;
use crate::inbox::{Next, Reason, Verdict};
use crate::invocation::PluginError;

/// Tells one start of a timer from every other one, also of the same name. Never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Generation(pub u64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A timer that was started and has neither fired with effect nor been cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Whose it is.
    pub connection: ConnectionId,
    /// What the plugin calls it; a connection has one timer of a name.
    pub name: String,
    /// Which start of it this is.
    pub generation: Generation,
    /// JSON, as the plugin gave it.
    pub payload: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it was to fire first.
    pub due_at: Timestamp,
    /// How it stands.
    pub standing: TimerStanding,
    /// Counts its changes: a commit that changes it names the version that it has seen.
    pub version: u32,
}

/// How many timers one connection has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerDepth {
    /// Whose.
    pub connection: ConnectionId,
    /// Those that are to fire.
    pub pending: u64,
    /// Those that have failed.
    pub failed: u64,
}

/// How a timer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerStanding {
    /// Runs that have ended without effect.
    pub attempts: u32,
    /// What it waits for; `None`: it failed, and is fired again by hand only.
    pub next: Option<Next>,
    /// Why its last run failed.
    pub error: Option<Reason>,
}

impl TimerStanding {
    /// Started, to fire then.
    pub const fn started(due_at: Timestamp) -> Self {
        Self { attempts: 0, next: Some(Next::At(due_at)), error: None }
    }

    /// After one more run, which failed.
    #[must_use]
    pub fn after_failure(&self, error: &PluginError, verdict: Verdict) -> Self {
        let next = match verdict {
            Verdict::Again(next) => Some(next),
            Verdict::GiveUp => None,
        };
        Self { attempts: self.attempts.saturating_add(1), next, error: Some(Reason::from(error)) }
    }

    /// The operator wants it fired now; its attempts are counted anew.
    #[must_use]
    pub fn fired_by_hand(&self, now: Timestamp) -> Self {
        Self { attempts: 0, next: Some(Next::At(now)), error: self.error.clone() }
    }

    /// The word that JSON and metrics use: `pending` or `failed`.
    pub const fn state(&self) -> &'static str {
        if self.next.is_some() { "pending" } else { "failed" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::ErrorKind;

    #[test]
    fn a_timer_that_failed_waits_for_an_operator_who_begins_anew() {
        let now = Timestamp::from_millis(1_000);
        let started = TimerStanding::started(now);
        assert_eq!((started.state(), started.attempts), ("pending", 0));
        let error = PluginError::new(ErrorKind::Failed, "broken", "it is broken");
        let again = started.after_failure(&error, Verdict::Again(Next::Activation));
        assert_eq!((again.state(), again.attempts, again.next), ("pending", 1, Some(Next::Activation)));
        let failed = again.after_failure(&error, Verdict::GiveUp);
        assert_eq!((failed.state(), failed.attempts, failed.next), ("failed", 2, None));
        let by_hand = failed.fired_by_hand(now);
        assert_eq!((by_hand.state(), by_hand.attempts, by_hand.next), ("pending", 0, Some(Next::At(now))));
        assert_eq!(by_hand.error.expect("why it failed stays").code, "broken");
    }
}
