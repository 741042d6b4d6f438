//! Why a request was not answered.

use std::fmt;

use super::{EGRESS_DENIED, OUTCOME_UNKNOWN, PROTOCOL, UNAUTHORIZED, UNAVAILABLE};

/// A request without a usable answer. `?` turns it into the error that all plugins share; see the table of the
/// [module](super).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// One of these; more words may come.
    ///
    /// Nothing was sent: `denied` (not granted), `invalid` (no request, or one that is too large to send), `too-many`, `dns`,
    /// `connect`, `tls`; and, because the token that it needs cannot be had, `token-refused` (the credentials are not
    /// accepted), `token-unavailable` (for now), `token-invalid` (the answer holds no token). The provider may have acted:
    /// `timeout`, `closed` (the connection ended, or a redirect led to where nothing may be sent), `too-large` (the answer),
    /// `protocol` (the answer is not HTTP), `secret-reflected` (the answer held a secret).
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    pub(super) repeatable: bool,
}

impl Error {
    /// An error with this code, for a provider in a test.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), repeatable: false }
    }

    /// Whether the provider may have got the request and done what it says. `false` only for the codes that promise that
    /// nothing was sent; a word that this SDK does not know promises nothing.
    pub fn may_have_acted(&self) -> bool {
        !self.was_refused() && !self.lacks_token() && !matches!(self.code.as_str(), "dns" | "connect" | "tls")
    }

    /// Whether the request was one that [may be repeated](super::Request::repeatable).
    pub fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    /// The token that the request needs could not be fetched, so that it was not sent.
    fn lacks_token(&self) -> bool {
        matches!(self.code.as_str(), "token-refused" | "token-unavailable" | "token-invalid")
    }

    /// The host did not let it out.
    fn was_refused(&self) -> bool {
        matches!(self.code.as_str(), "denied" | "invalid" | "too-many" | "unsupported")
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        let Error { code, message, repeatable } = &error;
        if error.was_refused() {
            Self::failed(EGRESS_DENIED, message)
        } else if error.lacks_token() {
            match code.as_str() {
                "token-refused" => Self::unauthorized(UNAUTHORIZED, message),
                "token-unavailable" => Self::unavailable(UNAVAILABLE, message),
                _ => Self::failed(PROTOCOL, message),
            }
        } else if error.may_have_acted() && !repeatable {
            Self::failed(OUTCOME_UNKNOWN, format!("the provider may have carried it out ({code}): {message}"))
        } else if matches!(code.as_str(), "too-large" | "protocol" | "secret-reflected") {
            // A bigger or a revealing answer comes again; what is not HTTP is not what the provider documents.
            Self::failed(PROTOCOL, format!("the answer cannot be used ({code}): {message}"))
        } else {
            Self::unavailable(UNAVAILABLE, format!("the provider did not answer ({code}): {message}"))
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind::{self, Failed, Unauthorized, Unavailable};

    #[test]
    fn every_code_becomes_the_error_that_the_module_promises() {
        // Code of the contract, whether the provider may have acted, error when it may not be repeated, and when it may.
        type Row = (&'static str, bool, (ErrorKind, &'static str), (ErrorKind, &'static str));
        let rows: [Row; 16] = [
            ("denied", false, (Failed, EGRESS_DENIED), (Failed, EGRESS_DENIED)),
            ("invalid", false, (Failed, EGRESS_DENIED), (Failed, EGRESS_DENIED)),
            ("too-many", false, (Failed, EGRESS_DENIED), (Failed, EGRESS_DENIED)),
            ("unsupported", false, (Failed, EGRESS_DENIED), (Failed, EGRESS_DENIED)),
            ("dns", false, (Unavailable, UNAVAILABLE), (Unavailable, UNAVAILABLE)),
            ("connect", false, (Unavailable, UNAVAILABLE), (Unavailable, UNAVAILABLE)),
            ("tls", false, (Unavailable, UNAVAILABLE), (Unavailable, UNAVAILABLE)),
            ("token-refused", false, (Unauthorized, UNAUTHORIZED), (Unauthorized, UNAUTHORIZED)),
            ("token-unavailable", false, (Unavailable, UNAVAILABLE), (Unavailable, UNAVAILABLE)),
            ("token-invalid", false, (Failed, PROTOCOL), (Failed, PROTOCOL)),
            ("timeout", true, (Failed, OUTCOME_UNKNOWN), (Unavailable, UNAVAILABLE)),
            ("closed", true, (Failed, OUTCOME_UNKNOWN), (Unavailable, UNAVAILABLE)),
            ("protocol", true, (Failed, OUTCOME_UNKNOWN), (Failed, PROTOCOL)),
            ("too-large", true, (Failed, OUTCOME_UNKNOWN), (Failed, PROTOCOL)),
            ("secret-reflected", true, (Failed, OUTCOME_UNKNOWN), (Failed, PROTOCOL)),
            ("a-word-of-tomorrow", true, (Failed, OUTCOME_UNKNOWN), (Unavailable, UNAVAILABLE)),
        ];
        for (code, acted, once, again) in rows {
            let error = Error::new(code, "because");
            assert_eq!(error.may_have_acted(), acted, "{code}");
            let repeatable = Error { repeatable: true, ..error.clone() };
            for (error, (kind, expected)) in [(error, once), (repeatable, again)] {
                let shared = crate::Error::from(error);
                assert_eq!((shared.kind, shared.code.as_str()), (kind, expected), "{code}");
                assert!(shared.message.contains("because"), "{code}");
            }
        }
    }
}
