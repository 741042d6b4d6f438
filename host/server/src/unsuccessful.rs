//! Why a webhook or a timer has had no effect, as a function of what became of its invocation. Nothing of the invocation is kept then.

use hookyard_domain::invocation::{ErrorKind, PluginError};
use hookyard_sandbox::{Deadline, Outcome};

use crate::invoker::NotCommitted;

/// Why it has had no effect.
#[derive(Debug, PartialEq)]
pub(crate) enum Unsuccessful {
    /// The plugin says that it failed, or broke: what it is said to have said then. A trap, a deadline and conflicts count as
    /// [`ErrorKind::Unavailable`].
    Failed(PluginError),
    /// A webhook with its dedupe key was handled meanwhile.
    Seen,
    /// Somebody else has decided what becomes of it meanwhile.
    Moved,
    /// The connection was deleted meanwhile.
    Gone,
    /// The host could not do it now, which says nothing about the webhook or the timer.
    NotNow {
        /// `overloaded`, `unavailable`
        code: &'static str,
        /// A sentence for a person.
        detail: &'static str,
    },
}

impl Unsuccessful {
    /// What the plugin returned.
    pub(crate) fn returned<T>(outcome: Outcome<T>) -> Result<T, Self> {
        Err(match outcome {
            Outcome::Returned(returned) => return Ok(returned),
            Outcome::Error(error) => Self::Failed(error),
            Outcome::Trap { .. } => Self::unavailable("plugin-trap", "the plugin trapped"),
            Outcome::Deadline(Deadline::Wall) => Self::unavailable("deadline", "the plugin did not answer in time"),
            Outcome::Deadline(Deadline::Cpu) => Self::unavailable("deadline", "the plugin used up its processor time"),
            Outcome::Unavailable(_) => {
                Self::NotNow { code: "unavailable", detail: "the host could not serve the plugin" }
            }
            Outcome::Busy => Self::NotNow { code: "overloaded", detail: "all instances are busy" },
        })
    }

    /// It may succeed later.
    pub(crate) fn unavailable(code: &str, message: impl Into<String>) -> Self {
        Self::Failed(PluginError::new(ErrorKind::Unavailable, code, message))
    }

    /// What the plugin returned, or wants, cannot be used.
    pub(crate) fn invalid_response(message: String) -> Self {
        Self::Failed(PluginError::new(ErrorKind::Failed, "invalid-response", message))
    }
}

impl From<NotCommitted> for Unsuccessful {
    fn from(reason: NotCommitted) -> Self {
        match reason {
            NotCommitted::Seen => Self::Seen,
            NotCommitted::Moved => Self::Moved,
            NotCommitted::Gone { .. } => Self::Gone,
            NotCommitted::Conflict { sent_unsafe: false } => {
                Self::unavailable("conflict", "others changed the same keys each time")
            }
            NotCommitted::Conflict { sent_unsafe: true } => {
                let message = "others changed the same keys after the plugin had sent a request that changes something";
                Self::Failed(PluginError::new(ErrorKind::Failed, "conflict", message))
            }
            NotCommitted::Overloaded { .. } => Self::NotNow { code: "overloaded", detail: "the store is overloaded" },
            NotCommitted::Unavailable { error, .. } => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store is unavailable");
                Self::NotNow { code: "unavailable", detail: "the host's store is unavailable" }
            }
            NotCommitted::Refused(reason) => Self::invalid_response(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `returned`, `not-now`, or the kind and the code of the failure.
    fn word(result: Result<(), Unsuccessful>) -> String {
        match result {
            Ok(()) => "returned".to_owned(),
            Err(Unsuccessful::Failed(error)) => format!("{}: {}", error.kind.as_str(), error.code),
            Err(Unsuccessful::NotNow { code, .. }) => format!("not-now: {code}"),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn every_outcome_has_its_meaning() {
        let trap = Outcome::Trap { message: "x".into(), backtrace: String::new() };
        let error = PluginError::new(ErrorKind::Unauthorized, "who", "are you");
        for (outcome, expected) in [
            (Outcome::Returned(()), "returned"),
            (Outcome::Error(error), "unauthorized: who"),
            (trap, "unavailable: plugin-trap"),
            (Outcome::Deadline(Deadline::Wall), "unavailable: deadline"),
            (Outcome::Deadline(Deadline::Cpu), "unavailable: deadline"),
            (Outcome::Busy, "not-now: overloaded"),
        ] {
            assert_eq!(word(Unsuccessful::returned(outcome)), expected);
        }
    }

    #[test]
    fn what_is_not_committed_has_its_meaning_too() {
        for (reason, expected) in [
            (NotCommitted::Seen, "Seen"),
            (NotCommitted::Moved, "Moved"),
            (NotCommitted::Gone { sent_unsafe: false }, "Gone"),
            (NotCommitted::Conflict { sent_unsafe: false }, "unavailable: conflict"),
            (NotCommitted::Conflict { sent_unsafe: true }, "failed: conflict"),
            (NotCommitted::Overloaded { sent_unsafe: true }, "not-now: overloaded"),
            (NotCommitted::Refused("too large".into()), "failed: invalid-response"),
        ] {
            assert_eq!(word(Err(reason.into())), expected);
        }
    }
}
