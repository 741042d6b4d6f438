//! What becomes of a request that has no answer, in words.

use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;

use crate::egress::SendFailure;

use super::HttpRequest;

/// Why a request has no answer. A value that the guest sees.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct HttpError {
    /// A stable word.
    pub code: HttpErrorCode,
    /// What was asked, and what is wrong with it. Holds no secret.
    pub message: String,
}

/// The words of the contract (`http-request.error`). Guests must expect others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpErrorCode {
    /// Not granted. Nothing was sent.
    Denied,
    /// The request cannot be right, or is larger than the host sends. Nothing was sent.
    Invalid,
    /// The name leads nowhere. Nothing was sent.
    Dns,
    /// Nobody answers there, or the host had no room for one more request in time. Nothing was sent.
    Connect,
    /// The server did not prove who it is. Nothing was sent.
    Tls,
    /// The time is up. The provider may have acted.
    Timeout,
    /// The answer is larger than the host takes. The provider may have acted.
    TooLarge,
    /// The answer is not HTTP, or is compressed where it must not be. The provider may have acted.
    Protocol,
    /// The exchange ended before the answer did: the connection broke, or a redirect led to where nothing is sent. The provider
    /// may have acted.
    Closed,
    /// The answer held a secret and was withheld. The provider may have acted.
    SecretReflected,
    /// More requests than the host takes. Nothing was sent.
    TooMany,
    /// The provider does not accept what the token that the request needs is fetched with. The request was not sent, or was refused
    /// with 401.
    TokenRefused,
    /// There is no such token for now. The request was not sent, or was refused with 401; it may be tried again.
    TokenUnavailable,
    /// What the provider answered is no such token. The request was not sent, or was refused with 401.
    TokenInvalid,
}

impl HttpErrorCode {
    /// The word that guests see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Invalid => "invalid",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::TooLarge => "too-large",
            Self::Protocol => "protocol",
            Self::Closed => "closed",
            Self::SecretReflected => "secret-reflected",
            Self::TooMany => "too-many",
            Self::TokenRefused => "token-refused",
            Self::TokenUnavailable => "token-unavailable",
            Self::TokenInvalid => "token-invalid",
        }
    }
}

/// An error before it says which request it is about.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: HttpErrorCode,
    pub(crate) why: String,
    /// What the operator would write to permit it; none where no grant can.
    pub(super) remedy: Option<String>,
    /// Whether the operator is told as well: what the host itself does not permit.
    pub(super) noted: bool,
}

impl Failure {
    pub(crate) fn new(code: HttpErrorCode, why: impl Into<String>) -> Self {
        Self { code, why: why.into(), remedy: None, noted: false }
    }

    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self::new(HttpErrorCode::Invalid, why)
    }

    pub(crate) fn denied(why: impl Into<String>) -> Self {
        Self::new(HttpErrorCode::Denied, why).noted()
    }

    pub(super) fn too_large(why: impl Into<String>) -> Self {
        Self::new(HttpErrorCode::TooLarge, why)
    }

    #[must_use]
    pub(crate) fn noted(mut self) -> Self {
        self.noted = true;
        self
    }

    #[must_use]
    pub(crate) fn with_remedy(mut self, remedy: Option<String>) -> Self {
        self.remedy = remedy.filter(|lines| !lines.is_empty());
        self
    }

    /// Nothing that the network says about itself holds anything of the request. What the guard refuses is said by the caller.
    pub(crate) fn of(failure: SendFailure) -> Self {
        let (code, what, why) = match failure {
            SendFailure::Refused(refused) => return Self::denied(refused.to_string()),
            SendFailure::Dns(why) => (HttpErrorCode::Dns, "the name could not be looked up", why),
            SendFailure::Connect(why) => (HttpErrorCode::Connect, "no connection could be opened", why),
            SendFailure::Tls(why) => (HttpErrorCode::Tls, "the server could not be trusted", why),
            SendFailure::TooLarge(why) => return Self::too_large(why),
            SendFailure::Protocol(why) => (HttpErrorCode::Protocol, "the answer is not HTTP/1.1", why),
            SendFailure::Closed(why) => (HttpErrorCode::Closed, "the connection ended before the answer did", why),
        };
        Self::new(code, format!("{what}: {why}"))
    }

    /// The same after an earlier hop was sent: then neither a failed connection nor a refusal means that nothing has happened.
    #[must_use]
    pub(super) fn after_redirect(mut self, to: &str) -> Self {
        use HttpErrorCode::{Closed, Connect, Denied, Dns, Tls};
        if matches!(self.code, Denied | Dns | Connect | Tls) {
            self.code = Closed;
        }
        self.why = format!("it was redirected to {to}: {}", self.why);
        self
    }

    pub(super) fn into_error(self, asked: &str, redactor: &Redactor) -> HttpError {
        let verb = match self.code {
            HttpErrorCode::Denied | HttpErrorCode::Invalid => "was refused",
            HttpErrorCode::TokenRefused | HttpErrorCode::TokenUnavailable | HttpErrorCode::TokenInvalid => {
                "has no token"
            }
            _ => "failed",
        };
        let mut message = format!("{asked} {verb}: {}", self.why);
        if let Some(remedy) = self.remedy {
            message.push('\n');
            message.push_str(&remedy);
        }
        HttpError { code: self.code, message: redactor.redact(&message).into_owned() }
    }
}

/// Method and URL as the guest wrote them, with its placeholders: on one line, and cut.
pub(super) fn asked(request: &HttpRequest) -> String {
    shown(&format!("{} {}", request.method, request.url))
}

/// A text of others for a message: on one line, and cut.
pub(crate) fn shown(text: &str) -> String {
    let end = text.floor_char_boundary(limit::EGRESS_SHOWN_BYTES_MAX);
    let mut shown: String = text[..end].chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if end < text.len() {
        shown.push('…');
    }
    shown
}
