//! Why there is no usable answer.

use hookyard_sdk::http;
use schemars::JsonSchema;
use serde::Serialize;

use crate::problem::Problem;

/// What the record and the event say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Failure {
    /// A word for programs.
    pub(crate) kind: Kind,
    /// A sentence for people.
    pub(crate) message: String,
    /// With `build`: everything that does not fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Problem>,
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The host does not send such a request, or the credentials for its token are refused.
    Config,
    /// The name of the host is not known.
    Dns,
    /// No connection.
    Connect,
    /// No secure connection.
    Tls,
    /// No answer in time.
    Timeout,
    /// The answer is too large.
    TooLarge,
    /// What came is no answer, or one that is withheld.
    Protocol,
    /// The host of the URL is not granted, or a secret may not go there.
    ForbiddenTarget,
    /// There are more redirects than are followed.
    Redirect,
    /// The value of a field does not fit.
    Build,
    /// The answer has nothing where the template needs something.
    ReplyMissing,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), errors: Vec::new() }
    }

    /// Values of the call that do not fit.
    pub(crate) fn build(errors: Vec<Problem>) -> Self {
        let message = errors.first().map_or_else(String::new, |first| format!("{}: {}", first.pointer, first.detail));
        Self { kind: Kind::Build, message, errors }
    }

    pub(crate) fn redirect(followed: u32) -> Self {
        Self::new(Kind::Redirect, format!("the answer is one more redirect after {followed}"))
    }

    pub(crate) fn reply_missing(missing: &[String]) -> Self {
        Self::new(Kind::ReplyMissing, format!("the answer has nothing at {}", missing.join(", ")))
    }
}

impl From<&http::Error> for Failure {
    fn from(error: &http::Error) -> Self {
        let kind = match error.code.as_str() {
            "denied" => Kind::ForbiddenTarget,
            "dns" => Kind::Dns,
            "connect" | "token-unavailable" => Kind::Connect,
            "tls" => Kind::Tls,
            "timeout" => Kind::Timeout,
            "too-large" => Kind::TooLarge,
            "invalid" | "unsupported" | "too-many" | "token-refused" => Kind::Config,
            // `closed`, `protocol`, `token-invalid`, `secret-reflected`, and the words of tomorrow.
            _ => Kind::Protocol,
        };
        Self::new(kind, error.message.clone())
    }
}
