//! `http-request`: outbound HTTP. No connection is granted any host yet, so every request is denied before anything is sent.

use crate::effects::Effects;

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct HttpError {
    /// A stable word.
    pub code: HttpErrorCode,
    /// A sentence for the plugin's author.
    pub message: String,
}

/// The words of the contract (`http-request.error`). Guests must expect others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpErrorCode {
    /// The host is not granted; nothing was sent.
    Denied,
}

impl HttpErrorCode {
    /// The word that guests see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
        }
    }
}

impl Effects {
    /// Refuses the request: this host lends no outbound HTTP.
    pub fn deny_request(&self, method: &str, url: &str) -> HttpError {
        const URL_BYTES_SHOWN_MAX: usize = 200;
        let url = &url[..url.floor_char_boundary(URL_BYTES_SHOWN_MAX)];
        HttpError {
            code: HttpErrorCode::Denied,
            message: format!("this host does not lend outbound HTTP to plugins; {method} {url} was not sent"),
        }
    }
}
