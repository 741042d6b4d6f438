//! How an action fails, what the client is answered then, and what that means for the next call with the same key.

use hookyard_domain::idempotency::StoredAnswer;
use hookyard_domain::invocation::{ErrorKind, PluginError};
use hookyard_domain::limit;
use http::StatusCode;

use super::answer::stored_problem;
use crate::http::problem::Problem;
use crate::invoker::NotCommitted;

/// Why an action has no output. Nothing of its effects is kept.
#[derive(Debug)]
pub(super) enum Failure {
    /// The plugin says so.
    Plugin(PluginError),
    /// What the plugin returned breaks the action's schema.
    InvalidOutput(String),
    /// The plugin broke.
    Trap,
    /// Its time was up; a phrase says which.
    Deadline(&'static str),
    /// It was not called: no instance became free.
    NotCalled,
    /// The host failed while the plugin ran, or after it.
    Host {
        /// `unavailable`, `overloaded`
        code: &'static str,
        /// Whether a request was sent that may have changed something at the provider.
        sent_unsafe: bool,
    },
    /// The connection was deleted while the plugin ran.
    Gone {
        /// As above.
        sent_unsafe: bool,
    },
    /// Others changed the same keys in every run.
    Conflict {
        /// As above.
        sent_unsafe: bool,
    },
    /// Nobody knows whether it was carried out.
    OutcomeUnknown,
}

/// What the next call with the same key gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// This answer.
    Repeat(StoredAnswer),
    /// A run, as if nothing had been: nothing has been done.
    Forget,
    /// A run that counts as a further attempt.
    RunAgain,
}

impl Failure {
    /// Where the host failed and the provider may have acted, an action that is not idempotent must not look as if it could
    /// simply be tried again.
    #[must_use]
    pub(super) fn weighed(self, idempotent: bool) -> Self {
        match self {
            Self::Host { sent_unsafe: true, .. } if !idempotent => Self::OutcomeUnknown,
            other => other,
        }
    }

    /// What the client is answered.
    pub(super) fn problem(&self) -> Problem {
        match self {
            Self::Plugin(error) => of_plugin(error.clone()),
            Self::InvalidOutput(detail) => {
                Problem::new(StatusCode::BAD_GATEWAY, "invalid-output").detail(detail.clone())
            }
            Self::Trap => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "plugin-trap").detail("the plugin trapped"),
            Self::Deadline(which) => Problem::new(StatusCode::GATEWAY_TIMEOUT, "deadline").detail(*which),
            Self::NotCalled => {
                Problem::unavailable("overloaded", "all instances are busy").retry_after(limit::TRY_AGAIN_AFTER)
            }
            Self::Host { code, .. } => Problem::unavailable(*code, "the host could not do it now; its log says why")
                .retry_after(limit::TRY_AGAIN_AFTER),
            Self::Gone { .. } => deleted(),
            Self::Conflict { sent_unsafe: false } => {
                let detail = "others changed the same keys each time";
                Problem::unavailable("conflict", detail).retry_after(limit::TRY_AGAIN_AFTER)
            }
            Self::Conflict { sent_unsafe: true } => {
                let detail = "others changed the same keys, and the request that was sent cannot be sent again";
                Problem::new(StatusCode::BAD_GATEWAY, "conflict").detail(detail)
            }
            Self::OutcomeUnknown => outcome_unknown(),
        }
    }

    /// What the next call with the same key gets.
    pub(super) fn fate(&self, idempotent: bool) -> Fate {
        match self {
            Self::NotCalled | Self::Gone { .. } => Fate::Forget,
            Self::Plugin(PluginError { kind: ErrorKind::Unavailable, .. })
            | Self::Conflict { sent_unsafe: false }
            | Self::Host { sent_unsafe: false, .. } => {
                if idempotent {
                    Fate::RunAgain
                } else {
                    Fate::Forget
                }
            }
            Self::Plugin(_) | Self::InvalidOutput(_) | Self::Conflict { sent_unsafe: true } => {
                Fate::Repeat(stored_problem(&self.problem()))
            }
            Self::Trap | Self::Deadline(_) | Self::Host { .. } | Self::OutcomeUnknown if idempotent => Fate::RunAgain,
            Self::Trap | Self::Deadline(_) | Self::Host { .. } | Self::OutcomeUnknown => {
                Fate::Repeat(stored_problem(&outcome_unknown()))
            }
        }
    }
}

/// 404: the connection was deleted meanwhile.
pub(super) fn deleted() -> Problem {
    Problem::not_found("the connection has been deleted")
}

/// 502: it was started, and how it ended is not known.
pub(super) fn outcome_unknown() -> Problem {
    let detail = "the action was started and did not end: whether the provider has carried it out is not known";
    Problem::new(StatusCode::BAD_GATEWAY, "outcome-unknown").detail(detail)
}

fn of_plugin(error: PluginError) -> Problem {
    let status = match error.kind {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthorized | ErrorKind::Failed => StatusCode::BAD_GATEWAY,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let retry_after = error.retry_after.is_none().then_some(limit::TRY_AGAIN_AFTER);
    let problem = Problem::of_plugin(status, error);
    match retry_after {
        Some(after) if status == StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(after),
        _ => problem,
    }
}

impl From<NotCommitted> for Failure {
    fn from(reason: NotCommitted) -> Self {
        match reason {
            // Actions set no mark, and are about no webhook and no timer.
            NotCommitted::Seen | NotCommitted::Moved => Self::Host { code: "unavailable", sent_unsafe: true },
            NotCommitted::Gone { sent_unsafe } => Self::Gone { sent_unsafe },
            NotCommitted::Conflict { sent_unsafe } => Self::Conflict { sent_unsafe },
            NotCommitted::Overloaded { sent_unsafe } => Self::Host { code: "overloaded", sent_unsafe },
            NotCommitted::Unavailable { error, sent_unsafe } => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store is unavailable");
                Self::Host { code: "unavailable", sent_unsafe }
            }
            NotCommitted::Refused(reason) => Self::InvalidOutput(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn plugin(kind: ErrorKind) -> Failure {
        let (code, message) = ("busy".to_owned(), "it is busy".to_owned());
        Failure::Plugin(PluginError { kind, code, message, retry_after: None, details: Map::new() })
    }

    /// The status and the code of the answer, and what is repeated: for an action that is idempotent, and for one that is not.
    fn row(failure: &Failure) -> (u16, String, [Option<u16>; 2]) {
        let document = failure.problem().document();
        let repeated = [true, false].map(|idempotent| match failure.fate(idempotent) {
            Fate::Repeat(answer) => Some(answer.status),
            Fate::Forget | Fate::RunAgain => None,
        });
        let status = u16::try_from(document["status"].as_u64().expect("a number")).expect("a status");
        (status, document["code"].as_str().expect("a code").to_owned(), repeated)
    }

    #[test]
    fn every_failure_has_its_status_and_its_fate() {
        let rows = [
            (plugin(ErrorKind::Invalid), 422, "busy", [Some(422), Some(422)]),
            (plugin(ErrorKind::Unauthorized), 502, "busy", [Some(502), Some(502)]),
            (plugin(ErrorKind::Unavailable), 503, "busy", [None, None]),
            (plugin(ErrorKind::Failed), 502, "busy", [Some(502), Some(502)]),
            (Failure::InvalidOutput("x".into()), 502, "invalid-output", [Some(502), Some(502)]),
            (Failure::Trap, 500, "plugin-trap", [None, Some(502)]),
            (Failure::Deadline("x"), 504, "deadline", [None, Some(502)]),
            (Failure::Gone { sent_unsafe: false }, 404, "not-found", [None, None]),
            (Failure::NotCalled, 503, "overloaded", [None, None]),
            (Failure::Host { code: "unavailable", sent_unsafe: false }, 503, "unavailable", [None, None]),
            (Failure::Host { code: "unavailable", sent_unsafe: true }, 503, "unavailable", [None, Some(502)]),
            (Failure::Conflict { sent_unsafe: false }, 503, "conflict", [None, None]),
            (Failure::Conflict { sent_unsafe: true }, 502, "conflict", [Some(502), Some(502)]),
            (Failure::OutcomeUnknown, 502, "outcome-unknown", [None, Some(502)]),
        ];
        for (failure, status, code, repeated) in rows {
            assert_eq!(row(&failure), (status, code.to_owned(), repeated), "{failure:?}");
        }
    }

    #[test]
    fn nothing_that_may_have_been_done_looks_as_if_it_could_be_tried_again() {
        let failed = || Failure::Host { code: "unavailable", sent_unsafe: true };
        assert!(matches!(failed().weighed(false), Failure::OutcomeUnknown));
        assert!(matches!(failed().weighed(true), Failure::Host { .. }));
    }
}
