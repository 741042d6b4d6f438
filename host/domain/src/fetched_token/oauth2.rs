//! A client of OAuth 2.0 (RFC 6749), and what it says to the token endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};

use super::percent;
use crate::manifest::credential::fetched::ClientAuth;
use crate::secret::Secret;

/// What is configured of it.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) id: Secret,
    pub(super) secret: Option<Secret>,
    /// The first one, for the grant `refresh_token`; without it, the grant is `client_credentials`.
    pub(super) refresh_token: Option<Secret>,
    pub(super) scope: Option<Secret>,
    pub(super) auth: ClientAuth,
}

impl Client {
    pub(super) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))];
        if let (ClientAuth::Basic, Some(secret)) = (self.auth, &self.secret) {
            // Both are encoded as in a form before they are put together (section 2.3.1).
            let encoded = STANDARD.encode(format!("{}:{}", percent(self.id.expose()), percent(secret.expose())));
            let mut value = HeaderValue::try_from(format!("Basic {encoded}")).expect("base64 is fit for a header");
            value.set_sensitive(true);
            headers.push((AUTHORIZATION, value));
        }
        headers
    }

    pub(super) fn body(&self, rotated: Option<&Secret>) -> Secret {
        let mut fields = Vec::new();
        match &self.refresh_token {
            None => fields.push(("grant_type", "client_credentials")),
            Some(first) => {
                fields.push(("grant_type", "refresh_token"));
                fields.push(("refresh_token", rotated.unwrap_or(first).expose()));
            }
        }
        fields.extend(self.scope.iter().map(|scope| ("scope", scope.expose())));
        // A client without a secret states its id only (section 3.2.1).
        if self.auth == ClientAuth::Body || self.secret.is_none() {
            fields.push(("client_id", self.id.expose()));
            fields.extend(self.secret.iter().map(|secret| ("client_secret", secret.expose())));
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        Secret::new(fields.join("&"))
    }
}
