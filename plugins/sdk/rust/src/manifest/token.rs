//! How the host gets a token that it then puts into requests.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// A request of the provider's own making that a token comes from.
///
/// In a manifest every text is a template, as in a [`Credential`](super::Credential); in a
/// [`TokenDocument`](crate::secrets::TokenDocument) texts are literal. The host sends the request when a token is needed and it
/// has none, once for all that wait, and keeps the token, sealed, until it expires or a host answers 401 to it. The URL's host
/// must be among those that the manifest asks for.
///
/// ```
/// use hookyard_sdk::manifest::{Credential, Exchange};
///
/// let exchange = Exchange::post("{config:/auth/url}").json_member("key", "{secret:/auth/key}").pointer("/response/token");
/// Credential::header(&["{config:/send_url}"], "authorization", "Bearer {token}").exchange(exchange);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Exchange(Map<String, Value>);

impl Exchange {
    /// A POST to this URL.
    pub fn post(url: &str) -> Self {
        Self(Map::new()).member("url", url)
    }

    /// Another method than POST.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        self.member("method", method)
    }

    /// One more header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.member_of("headers", name, value.into())
    }

    /// One more member of the object that is sent as JSON. The name may be a template, too. A value is any JSON; texts within
    /// it are templates.
    #[must_use]
    pub fn json_member(self, name: &str, value: impl Into<Value>) -> Self {
        self.member_of("json", name, value.into())
    }

    /// One more field of the form that is sent; not together with [`json_member`](Self::json_member). The name may be a
    /// template, too.
    #[must_use]
    pub fn form_field(self, name: &str, value: &str) -> Self {
        self.member_of("form", name, value.into())
    }

    /// Where in the answer the token stands: a JSON pointer. Needed.
    #[must_use]
    pub fn pointer(self, pointer: &str) -> Self {
        self.member("pointer", pointer)
    }

    /// Where in the answer the number of seconds stands for which the token is good: a JSON pointer. Without it, or where
    /// nothing stands there, the token is good until a host answers 401.
    #[must_use]
    pub fn expires_in(self, pointer: &str) -> Self {
        self.member("expires_in", pointer)
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    fn member(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn member_of(mut self, object: &str, name: &str, value: Value) -> Self {
        if let Value::Object(members) = self.0.entry(object).or_insert_with(|| json!({})) {
            members.insert(name.to_owned(), value);
        }
        self
    }
}

/// A token by OAuth 2.0 (RFC 6749). What holds for [`Exchange`] holds for it as well.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct OAuth2(Map<String, Value>);

impl OAuth2 {
    /// The plugin's own access (section 4.4).
    pub fn client_credentials(token_url: &str, client_id: &str, client_secret: &str) -> Self {
        Self::grant("client_credentials", token_url, client_id).client_secret(client_secret)
    }

    /// Access that somebody has granted before (section 6). Where the provider gives a new refresh token with each answer, the
    /// host keeps the newest; the operator's counts again once the config changes.
    pub fn refresh_token(token_url: &str, client_id: &str, refresh_token: &str) -> Self {
        Self::grant("refresh_token", token_url, client_id).member("refresh_token", refresh_token)
    }

    /// The client's secret. A client without one says only its id.
    #[must_use]
    pub fn client_secret(self, secret: &str) -> Self {
        self.member("client_secret", secret)
    }

    /// What the token is to be good for; scopes are separated by blanks.
    #[must_use]
    pub fn scope(self, scope: &str) -> Self {
        self.member("scope", scope)
    }

    /// Id and secret of the client go into the body, for providers that do not take them as Basic authentication (section
    /// 2.3.1).
    #[must_use]
    pub fn client_in_body(self) -> Self {
        self.member("client_auth", "body")
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    fn grant(grant: &str, token_url: &str, client_id: &str) -> Self {
        Self(Map::new()).member("grant", grant).member("token_url", token_url).member("client_id", client_id)
    }

    fn member(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }
}
