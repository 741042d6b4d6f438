//! What a webhook is answered, as a function of what became of it.

use std::time::Duration;

use hookyard_domain::inbox::Reason;
use hookyard_domain::invocation::PluginError;
use hookyard_domain::limit;
use hookyard_sandbox::WebhookResponse;
use hookyard_store::StoreError;

use crate::handling::NotHandled;
use crate::unsuccessful::Unsuccessful;

/// What a webhook is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Handled; its effects are durable. The plugin's response, or an empty 200.
    Handled(Option<WebhookResponse>),
    /// A webhook with this dedupe key was handled before: 200.
    Seen,
    /// It is durable and runs from the inbox, or failed there: 202. The reason, where its first run has failed just now.
    Kept(Option<Reason>),
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

    /// More stand in the line before the order key than may.
    pub(super) fn order_key_busy() -> Self {
        Self::try_again("order-key-busy", "too many webhooks and actions with the same order key are in work")
    }

    /// The connection takes no webhooks.
    pub(super) fn not_ready() -> Self {
        Self::try_again("connection-invalid", "the connection takes no webhooks now")
    }

    /// The store failed, and its reason goes to the log; or it has merely too much to do.
    pub(super) fn store_unavailable(error: &StoreError) -> Self {
        if matches!(error, StoreError::Overloaded) {
            return Self::try_again("overloaded", "the store is overloaded");
        }
        tracing::error!(error = error as &dyn std::error::Error, "the store is unavailable");
        Self::try_again("unavailable", "the host's store is unavailable")
    }

    /// The word that logs and metrics use.
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Handled(_) => "handled",
            Self::Seen => "seen",
            Self::Kept(_) => "kept",
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

impl From<NotHandled> for Answer {
    /// The answer where nothing is kept.
    fn from(reason: NotHandled) -> Self {
        match reason {
            NotHandled::Declined(response) => Self::Declined(response),
            NotHandled::Unsuccessful(Unsuccessful::Failed(error)) => Self::Invalid(error),
            NotHandled::Unsuccessful(Unsuccessful::Seen) => Self::Seen,
            NotHandled::Unsuccessful(Unsuccessful::Moved) => Self::Kept(None),
            NotHandled::Unsuccessful(Unsuccessful::Gone) => Self::Gone,
            NotHandled::Unsuccessful(Unsuccessful::NotNow { code, detail }) => Self::try_again(code, detail),
        }
    }
}
