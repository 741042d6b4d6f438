//! How a call has ended, and what that is to a client and to a delivery.

use std::time::Duration;

use hookyard_domain::delivery::{AttemptOutcome, reason};
use hookyard_domain::idempotency::StoredAnswer;
use hookyard_domain::inbox::Reason;
use hookyard_domain::invocation::ErrorKind;
use serde_json::Value;

use super::answer::Answer;
use super::failure::{Failure, outcome_unknown};
use super::refusal::Refusal;
use crate::http::problem::Problem;

/// How a call has ended that was not refused.
#[derive(Debug)]
pub(super) enum Ended {
    /// With this output. Its effects are durable.
    Output(String),
    /// As a call with the same key did before.
    Replayed(StoredAnswer),
    /// Without an output.
    Failed {
        /// Why, already weighed.
        failure: Failure,
        /// Whether the action may be run again when nobody knows whether it was carried out.
        idempotent: bool,
    },
}

impl Ended {
    /// What a client is answered.
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Output(output) => Answer::output(output),
            Self::Replayed(stored) => Answer::replayed(stored),
            Self::Failed { failure, .. } => Answer::problem(&failure.problem()),
        }
    }

    /// What it is to a delivery.
    pub(super) fn outcome(&self) -> AttemptOutcome {
        match self {
            Self::Output(_) => AttemptOutcome::Delivered { status: 200 },
            Self::Replayed(stored) if stored.status == 200 => AttemptOutcome::Delivered { status: 200 },
            // Only what is not tried again is stored as an answer.
            Self::Replayed(stored) => never(stored_reason(stored)),
            Self::Failed { failure, idempotent } => of_failure(failure, *idempotent),
        }
    }
}

impl Refusal {
    /// What it is to a delivery. Nothing was begun.
    pub(super) fn outcome(&self) -> AttemptOutcome {
        let reason = problem_reason(self.problem());
        match self {
            Self::Unready(_) => failed(reason, None),
            Self::NoAction(_) => failed(Reason { code: "connection-lacks-action".to_owned(), ..reason }, None),
            Self::Gone(_) => failed(missing(), None),
            Self::Later(problem) => failed(reason, problem.retry_after_given()),
            Self::Input(_) => never(reason),
        }
    }
}

fn of_failure(failure: &Failure, idempotent: bool) -> AttemptOutcome {
    let problem = failure.problem();
    let reason = problem_reason(&problem);
    match failure {
        Failure::Plugin(error) => match error.kind {
            ErrorKind::Invalid | ErrorKind::Failed => never(reason),
            ErrorKind::Unauthorized => AttemptOutcome::Unauthorized(reason),
            ErrorKind::Unavailable => failed(reason, error.retry_after),
        },
        Failure::InvalidOutput(_) | Failure::OutcomeUnknown | Failure::Conflict { sent_unsafe: true } => never(reason),
        Failure::Trap | Failure::Deadline(_) if !idempotent => never(problem_reason(&outcome_unknown())),
        Failure::Trap | Failure::Deadline(_) => failed(reason, None),
        // Its keys went with the connection: one that is made anew under the name knows nothing of this run.
        Failure::Gone { sent_unsafe: true } if !idempotent => never(problem_reason(&outcome_unknown())),
        Failure::Gone { .. } => failed(missing(), None),
        Failure::NotCalled | Failure::Host { .. } | Failure::Conflict { sent_unsafe: false } => {
            failed(reason, problem.retry_after_given())
        }
    }
}

fn failed(reason: Reason, retry_after: Option<Duration>) -> AttemptOutcome {
    AttemptOutcome::Failed { status: None, reason, retry_after }
}

fn never(reason: Reason) -> AttemptOutcome {
    AttemptOutcome::Never { status: None, reason }
}

/// There is no such connection, or no more.
pub(crate) fn missing() -> Reason {
    reason("connection-missing", "there is no such connection")
}

fn problem_reason(problem: &Problem) -> Reason {
    reason(problem.code(), problem.detail_given().unwrap_or_default())
}

/// Of an answer that was stored as a problem document.
fn stored_reason(stored: &StoredAnswer) -> Reason {
    let document: Value = serde_json::from_slice(&stored.body).unwrap_or_default();
    let text = |member: &str| document[member].as_str().unwrap_or_default();
    reason(text("code"), text("detail"))
}

#[cfg(test)]
mod tests {
    use hookyard_domain::invocation::PluginError;
    use hookyard_domain::limit;
    use serde_json::Map;

    use super::super::answer::stored_problem;
    use super::*;

    fn plugin(kind: ErrorKind, retry_after: Option<Duration>) -> Failure {
        let (code, message) = ("busy".to_owned(), "it is busy".to_owned());
        Failure::Plugin(PluginError { kind, code, message, retry_after, details: Map::new() })
    }

    /// What becomes of a delivery, its code, and when it may be tried again.
    fn row(outcome: AttemptOutcome) -> (&'static str, String, Option<Duration>) {
        match outcome {
            AttemptOutcome::Delivered { status } => ("delivered", status.to_string(), None),
            AttemptOutcome::Failed { reason, retry_after, .. } => ("again", reason.code, retry_after),
            AttemptOutcome::Unauthorized(reason) => ("activation", reason.code, None),
            AttemptOutcome::Gone(reason) => ("gone", reason.code, None),
            AttemptOutcome::Never { reason, .. } => ("never", reason.code, None),
        }
    }

    /// PLUGINS.md, 0.1, column "flow delivery".
    #[test]
    fn every_failure_is_tried_again_waits_or_is_given_up() {
        let (minute, soon) = (Some(Duration::from_secs(60)), Some(limit::TRY_AGAIN_AFTER));
        let host = |sent_unsafe| Failure::Host { code: "unavailable", sent_unsafe };
        let conflict = |sent_unsafe| Failure::Conflict { sent_unsafe };
        let gone = |sent_unsafe| Failure::Gone { sent_unsafe };
        for (failure, idempotent, expected) in [
            (plugin(ErrorKind::Invalid, None), true, ("never", "busy", None)),
            (plugin(ErrorKind::Failed, None), true, ("never", "busy", None)),
            (plugin(ErrorKind::Unauthorized, None), false, ("activation", "busy", None)),
            (plugin(ErrorKind::Unavailable, minute), false, ("again", "busy", minute)),
            (plugin(ErrorKind::Unavailable, None), false, ("again", "busy", None)),
            (Failure::Trap, true, ("again", "plugin-trap", None)),
            (Failure::Trap, false, ("never", "outcome-unknown", None)),
            (Failure::Deadline("x"), true, ("again", "deadline", None)),
            (Failure::Deadline("x"), false, ("never", "outcome-unknown", None)),
            (Failure::InvalidOutput("x".into()), true, ("never", "invalid-output", None)),
            (Failure::NotCalled, false, ("again", "overloaded", soon)),
            (gone(false), false, ("again", "connection-missing", None)),
            (gone(true), true, ("again", "connection-missing", None)),
            (gone(true), false, ("never", "outcome-unknown", None)),
            (host(false), false, ("again", "unavailable", soon)),
            (host(true).weighed(true), true, ("again", "unavailable", soon)),
            (host(true).weighed(false), false, ("never", "outcome-unknown", None)),
            (conflict(false), false, ("again", "conflict", soon)),
            (conflict(true), false, ("never", "conflict", None)),
        ] {
            let told = format!("{failure:?}");
            let (what, code, after) = row(Ended::Failed { failure, idempotent }.outcome());
            assert_eq!((what, code.as_str(), after), expected, "{told}, idempotent: {idempotent}");
        }
    }

    #[test]
    fn what_was_answered_before_is_what_becomes_of_the_delivery() {
        let output = StoredAnswer { status: 200, content_type: "application/json".into(), body: "{}".into() };
        assert_eq!(Ended::Replayed(output).outcome(), AttemptOutcome::Delivered { status: 200 });
        let stored = stored_problem(&plugin(ErrorKind::Failed, None).problem());
        let reason = reason("busy", "it is busy");
        assert_eq!(Ended::Replayed(stored).outcome(), AttemptOutcome::Never { status: None, reason });
    }

    #[test]
    fn what_was_refused_is_tried_again_unless_the_input_is_wrong() {
        let after = Some(Duration::from_secs(7));
        let problem = || Problem::unavailable("x", "why").retry_after(Duration::from_secs(7));
        assert_eq!(row(Refusal::Later(problem()).outcome()), ("again", "x".into(), after));
        assert_eq!(row(Refusal::Unready(problem()).outcome()), ("again", "x".into(), None));
        assert_eq!(row(Refusal::NoAction(problem()).outcome()), ("again", "connection-lacks-action".into(), None));
        assert_eq!(row(Refusal::Gone(problem()).outcome()), ("again", "connection-missing".into(), None));
        assert_eq!(row(Refusal::Input(problem()).outcome()), ("never", "x".into(), None));
    }
}
