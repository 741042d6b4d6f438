//! Why a webhook is not handled.

use hookyard_domain::invocation::ErrorKind;
use hookyard_sandbox::{Outcome, WebhookResponse};

use crate::invoker::NotCommitted;
use crate::unsuccessful::Unsuccessful;

/// Why a webhook is not handled.
#[derive(Debug)]
pub(crate) enum NotHandled {
    /// The plugin responded 3xx or 4xx.
    Declined(WebhookResponse),
    /// It has had no effect.
    Unsuccessful(Unsuccessful),
}

impl NotHandled {
    /// Whether an invocation's effects are to be committed: `Ok` with the plugin's response.
    pub(super) fn conclude(outcome: Outcome<Option<WebhookResponse>>) -> Result<Option<WebhookResponse>, Self> {
        let Some(response) = Unsuccessful::returned(outcome)? else { return Ok(None) };
        match response.status {
            200..=299 => Ok(Some(response)),
            300..=499 => Err(Self::Declined(response)),
            status => Err(Unsuccessful::invalid_response(format!("the plugin responded with status {status}")).into()),
        }
    }

    /// Whether what the plugin returned cannot be used.
    pub(super) fn is_unusable(&self) -> bool {
        matches!(self, Self::Unsuccessful(Unsuccessful::Failed(error)) if error.kind == ErrorKind::Failed)
    }
}

impl From<Unsuccessful> for NotHandled {
    fn from(reason: Unsuccessful) -> Self {
        Self::Unsuccessful(reason)
    }
}

impl From<NotCommitted> for NotHandled {
    fn from(reason: NotCommitted) -> Self {
        Unsuccessful::from(reason).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_response_has_its_meaning() {
        let word = |status| {
            let response = WebhookResponse { status, headers: Vec::new(), body: bytes::Bytes::new() };
            match NotHandled::conclude(Outcome::Returned(Some(response))) {
                Ok(_) => "handled".to_owned(),
                Err(NotHandled::Declined(_)) => "declined".to_owned(),
                Err(NotHandled::Unsuccessful(Unsuccessful::Failed(error))) => error.code,
                Err(other) => format!("{other:?}"),
            }
        };
        assert!(matches!(NotHandled::conclude(Outcome::Returned(None)), Ok(None)));
        for (status, expected) in [
            (200, "handled"),
            (299, "handled"),
            (302, "declined"),
            (499, "declined"),
            (500, "invalid-response"),
            (101, "invalid-response"),
        ] {
            assert_eq!(word(status), expected, "{status}");
        }
    }
}
