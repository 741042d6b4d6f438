//! Why a webhook is not handled, as a function of what became of its invocation. Nothing of the invocation is kept then.

use hookyard_domain::invocation::{ErrorKind, PluginError};
use hookyard_sandbox::{Deadline, Outcome, WebhookResponse};

use crate::invoker::NotCommitted;

/// Why a webhook is not handled.
#[derive(Debug)]
pub(crate) enum NotHandled {
    /// The plugin responded 3xx or 4xx.
    Declined(WebhookResponse),
    /// The plugin says that it failed, or broke: what it is said to have said then. A trap, a deadline and conflicts count as
    /// [`ErrorKind::Unavailable`].
    Failed(PluginError),
    /// A webhook with its dedupe key was handled meanwhile.
    Seen,
    /// Somebody else has decided what becomes of it meanwhile.
    Moved,
    /// The connection was deleted meanwhile.
    Gone,
    /// The host could not do it now, which says nothing about the webhook.
    NotNow {
        /// `overloaded`, `unavailable`
        code: &'static str,
        /// A sentence for a person.
        detail: &'static str,
    },
}

impl NotHandled {
    /// Whether an invocation's effects are to be committed: `Ok` with the plugin's response.
    pub(super) fn conclude(outcome: Outcome<Option<WebhookResponse>>) -> Result<Option<WebhookResponse>, Self> {
        Err(match outcome {
            Outcome::Returned(None) => return Ok(None),
            Outcome::Returned(Some(response)) => match response.status {
                200..=299 => return Ok(Some(response)),
                300..=499 => Self::Declined(response),
                status => invalid_response(format!("the plugin responded with status {status}")),
            },
            Outcome::Error(error) => Self::Failed(error),
            Outcome::Trap { .. } => unavailable("plugin-trap", "the plugin trapped"),
            Outcome::Deadline(Deadline::Wall) => unavailable("deadline", "the plugin did not answer in time"),
            Outcome::Deadline(Deadline::Cpu) => unavailable("deadline", "the plugin used up its processor time"),
            Outcome::Unavailable(_) => {
                Self::NotNow { code: "unavailable", detail: "the host could not serve the plugin" }
            }
            Outcome::Busy => Self::NotNow { code: "overloaded", detail: "all instances are busy" },
        })
    }

    /// Whether what the plugin returned cannot be used.
    pub(super) fn is_unusable(&self) -> bool {
        matches!(self, Self::Failed(error) if error.kind == ErrorKind::Failed)
    }
}

fn unavailable(code: &str, message: &str) -> NotHandled {
    NotHandled::Failed(PluginError::new(ErrorKind::Unavailable, code, message))
}

fn invalid_response(message: String) -> NotHandled {
    NotHandled::Failed(PluginError::new(ErrorKind::Failed, "invalid-response", message))
}

impl From<NotCommitted> for NotHandled {
    fn from(reason: NotCommitted) -> Self {
        match reason {
            NotCommitted::Seen => Self::Seen,
            NotCommitted::Moved => Self::Moved,
            NotCommitted::Gone => Self::Gone,
            NotCommitted::Conflict { sent_unsafe: false } => {
                unavailable("conflict", "others changed the same keys each time")
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
            NotCommitted::Refused(reason) => invalid_response(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn responded(status: u16) -> Outcome<Option<WebhookResponse>> {
        let body = bytes::Bytes::new();
        Outcome::Returned(Some(WebhookResponse { status, headers: Vec::new(), body }))
    }

    /// `handled`, `declined`, `not-now`, or the kind and the code of the failure.
    fn word(concluded: Result<Option<WebhookResponse>, NotHandled>) -> String {
        match concluded {
            Ok(_) => "handled".to_owned(),
            Err(NotHandled::Declined(_)) => "declined".to_owned(),
            Err(NotHandled::Failed(error)) => format!("{}: {}", error.kind.as_str(), error.code),
            Err(NotHandled::NotNow { code, .. }) => format!("not-now: {code}"),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn every_outcome_has_its_meaning() {
        let trap = Outcome::Trap { message: "x".into(), backtrace: String::new() };
        let error = PluginError::new(ErrorKind::Unauthorized, "who", "are you");
        for (outcome, expected) in [
            (Outcome::Returned(None), "handled"),
            (responded(200), "handled"),
            (responded(299), "handled"),
            (responded(302), "declined"),
            (responded(499), "declined"),
            (responded(500), "failed: invalid-response"),
            (responded(101), "failed: invalid-response"),
            (Outcome::Error(error), "unauthorized: who"),
            (trap, "unavailable: plugin-trap"),
            (Outcome::Deadline(Deadline::Wall), "unavailable: deadline"),
            (Outcome::Deadline(Deadline::Cpu), "unavailable: deadline"),
            (Outcome::Busy, "not-now: overloaded"),
        ] {
            assert_eq!(word(NotHandled::conclude(outcome)), expected);
        }
    }

    #[test]
    fn what_is_not_committed_has_its_meaning_too() {
        for (reason, expected) in [
            (NotCommitted::Seen, "Seen"),
            (NotCommitted::Moved, "Moved"),
            (NotCommitted::Gone, "Gone"),
            (NotCommitted::Conflict { sent_unsafe: false }, "unavailable: conflict"),
            (NotCommitted::Conflict { sent_unsafe: true }, "failed: conflict"),
            (NotCommitted::Overloaded { sent_unsafe: true }, "not-now: overloaded"),
            (NotCommitted::Refused("too large".into()), "failed: invalid-response"),
        ] {
            assert_eq!(word(Err(reason.into())), expected);
        }
    }
}
