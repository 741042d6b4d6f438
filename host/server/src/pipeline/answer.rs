//! What a webhook is answered, as a function of what became of its invocation.

use std::time::Duration;

use hookyard_domain::invocation::{ErrorKind, PluginError};
use hookyard_domain::limit;
use hookyard_sandbox::{Deadline, Outcome, WebhookResponse};
use hookyard_store::StoreError;

/// What a webhook is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Handled; its effects are durable. The plugin's response, or an empty 200.
    Handled(Option<WebhookResponse>),
    /// A webhook with this dedupe key was handled before: 200.
    Seen,
    /// The plugin answered 3xx or 4xx; nothing was kept.
    Declined(WebhookResponse),
    /// The host answered by itself, as `text/plain`.
    Handshake(String),
    /// The plugin says that the input is wrong: 400, nothing was kept.
    Invalid(PluginError),
    /// Not from the provider: 401, no detail.
    Unauthorized,
    /// No secret is configured to verify with, and the operator did not grant `allow_unsigned`: 503.
    UnsignedNotAllowed,
    /// 405.
    MethodNotAllowed {
        /// The value of the `Allow` header.
        allow: String,
    },
    /// 413.
    TooLarge,
    /// The connection was deleted while the plugin ran; nothing was kept: 404.
    Gone,
    /// Nothing was kept; the provider should send it again: 503 with `Retry-After`.
    TryAgain {
        /// The problem's code.
        code: String,
        /// A sentence for a person; never a secret.
        detail: String,
        /// Not before.
        after: Duration,
    },
}

impl Answer {
    /// Nothing was kept, for this reason; to be sent again after the shortest wait.
    pub(super) fn try_again(code: &str, detail: impl Into<String>) -> Self {
        Self::TryAgain { code: code.to_owned(), detail: detail.into(), after: limit::TRY_AGAIN_AFTER }
    }

    /// Earlier webhooks with the same order key take too long.
    pub(super) fn order_key_busy() -> Self {
        Self::try_again("order-key-busy", "earlier webhooks with the same order key are being handled")
    }

    /// The store failed; its reason goes to the log.
    pub(super) fn store_unavailable(error: &StoreError) -> Self {
        tracing::error!(error = error as &dyn std::error::Error, "the store is unavailable");
        Self::try_again("unavailable", "the host's store is unavailable")
    }

    /// The word that logs and metrics use.
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Handled(_) => "handled",
            Self::Seen => "seen",
            Self::Declined(_) => "declined",
            Self::Handshake(_) => "handshake",
            Self::Invalid(_) => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::UnsignedNotAllowed => "unsigned-not-allowed",
            Self::MethodNotAllowed { .. } => "method-not-allowed",
            Self::TooLarge => "too-large",
            Self::Gone => "gone",
            Self::TryAgain { .. } => "try-again",
        }
    }
}

/// Whether an invocation's effects are to be committed: `Ok` with the response to give then, or `Err` with the answer when
/// nothing of it is kept.
pub(super) fn conclude(outcome: Outcome<Option<WebhookResponse>>) -> Result<Option<WebhookResponse>, Answer> {
    Err(match outcome {
        Outcome::Returned(None) => return Ok(None),
        Outcome::Returned(Some(response)) => match response.status {
            200..=299 => return Ok(Some(response)),
            300..=499 => Answer::Declined(response),
            status => Answer::try_again("invalid-response", format!("the plugin responded with status {status}")),
        },
        Outcome::Error(error) if error.kind == ErrorKind::Invalid => Answer::Invalid(error),
        Outcome::Error(error) => Answer::TryAgain {
            code: error.code,
            detail: error.message,
            after: error.retry_after.map_or(limit::TRY_AGAIN_AFTER, |after| after.max(limit::TRY_AGAIN_AFTER)),
        },
        Outcome::Trap { .. } => Answer::try_again("plugin-trap", "the plugin trapped"),
        Outcome::Deadline(Deadline::Wall) => Answer::try_again("deadline", "the plugin did not answer in time"),
        Outcome::Deadline(Deadline::Cpu) => Answer::try_again("deadline", "the plugin used up its processor time"),
        Outcome::Unavailable(_) => Answer::try_again("unavailable", "the host could not serve the plugin"),
        Outcome::Busy => Answer::try_again("overloaded", "all instances are busy"),
    })
}
