//! Tokens that the host fetches by itself: what is asked of whom, and what an answer says.

mod answer;
pub(crate) mod build;
mod document;
mod oauth2;
mod texts;

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use url::Url;

use crate::host_pattern::Origin;
use crate::id::ConnectionId;
use crate::keyed_hash::HashKey;
use crate::limit;
use crate::secret::Secret;
use oauth2::Client;

pub use answer::TokenAnswer;
pub use document::{DocumentError, TokenDocument, TokenSource};
pub use texts::{TextPlace, Texts};

/// One way to get a token, with all of its texts filled in. Shows nothing of its secrets.
#[derive(Clone)]
pub struct TokenFetch {
    url: Url,
    origin: Origin,
    kind: Kind,
    secrets: Vec<Secret>,
}

#[derive(Clone)]
enum Kind {
    /// The provider's own way.
    Exchange {
        method: Method,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Option<Secret>,
        /// To the token in the answer.
        pointer: String,
        /// To the seconds for which it is good.
        expires_in: Option<String>,
    },
    /// OAuth 2.0.
    OAuth2(Client),
}

/// A request for a token as it goes onto the wire.
pub struct TokenRequest {
    /// The method.
    pub method: Method,
    /// May hold secrets in its query.
    pub url: Url,
    /// With a content type where there is a body.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Option<Secret>,
}

impl TokenFetch {
    /// Where the request goes.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The URL for messages: without its query, which may hold secrets.
    pub fn shown_url(&self) -> String {
        let mut shown = self.url.clone();
        shown.set_query(None);
        shown.into()
    }

    /// The refresh token that is configured, in place of which the provider may give another one with each answer.
    pub fn refresh_token(&self) -> Option<&Secret> {
        match &self.kind {
            Kind::Exchange { .. } => None,
            Kind::OAuth2(client) => client.refresh_token.as_ref(),
        }
    }

    /// The same, with secrets that are in its texts and that nobody else knows as such: what a plugin has derived.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Vec<Secret>) -> Self {
        self.secrets = secrets;
        self
    }

    /// Those secrets. No answer may show them.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// The request. `rotated` is the refresh token that the provider gave last, if it has given any: it takes the place of the one
    /// that is configured.
    pub fn request(&self, rotated: Option<&Secret>) -> TokenRequest {
        let (method, mut headers, body) = match &self.kind {
            Kind::Exchange { method, headers, body, .. } => (method.clone(), headers.clone(), body.clone()),
            Kind::OAuth2(client) => (Method::POST, client.headers(), Some(client.body(rotated))),
        };
        for (name, value) in [(http::header::ACCEPT, "application/json"), (http::header::ACCEPT_ENCODING, "identity")] {
            if headers.iter().all(|(given, _)| *given != name) {
                headers.push((name, HeaderValue::from_static(value)));
            }
        }
        TokenRequest { method, url: self.url.clone(), headers, body }
    }

    /// What an answer of status 2xx gives; the error is a phrase that shows nothing of it.
    ///
    /// # Errors
    /// It is no JSON, says that something is wrong, or holds no token that can be sent.
    pub fn read(&self, body: &[u8]) -> Result<TokenAnswer, &'static str> {
        match &self.kind {
            Kind::Exchange { pointer, expires_in, .. } => answer::read(body, pointer, expires_in.as_deref(), None),
            Kind::OAuth2(_) => answer::read(body, "/access_token", Some("/expires_in"), Some("/refresh_token")),
        }
    }

    /// What tells this fetch from every other one of a connection: a hash of all that it consists of, secrets included, under the
    /// key of the connection's present life.
    pub fn fingerprint(&self, key: &HashKey, connection: &ConnectionId) -> [u8; 16] {
        let TokenRequest { method, url, headers, body } = self.request(None);
        let headers: Vec<_> = headers.iter().flat_map(|(name, value)| [name.as_ref(), value.as_bytes()]).collect();
        let count = headers.len().to_be_bytes();
        let read: [&str; 2] = match &self.kind {
            Kind::Exchange { pointer, expires_in, .. } => [pointer, expires_in.as_deref().unwrap_or_default()],
            Kind::OAuth2(_) => ["oauth2", ""],
        };
        let body = body.as_ref().map_or("", Secret::expose);
        let texts = ["token", connection.as_str(), read[0], read[1], method.as_str(), url.as_str(), body];
        let parts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).chain([&count[..]]).chain(headers).collect();
        key.hash16(&parts)
    }
}

impl fmt::Debug for TokenFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFetch").field("url", &self.shown_url()).finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// How long before its end a token is fetched anew: a tenth of its time, and no more than [`limit::TOKEN_MARGIN_MAX`].
pub fn margin(lifetime: Duration) -> Duration {
    (lifetime / 10).min(limit::TOKEN_MARGIN_MAX)
}

/// As a form has it, and the query of a URL.
pub(crate) fn percent(text: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    encoded.replace('+', "%20")
}
