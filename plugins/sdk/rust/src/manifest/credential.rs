//! The only places that a secret may go to.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Exchange, OAuth2};

/// Where a plugin may place the placeholder of a secret by itself. The host writes the secret as its place needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The value of a header.
    Header,
    /// A segment of the URL's path, or a part of one.
    Path,
    /// The query of the URL.
    Query,
    /// A field of a form.
    Form,
    /// A string of a JSON body.
    Json,
}

/// One way in which a secret goes into requests to these hosts, which are patterns as of
/// [`Manifest::host`](super::Manifest::host), or `{grant}` for every host that the operator granted by name.
///
/// Templates are texts with `{secret:/pointer}` and `{config:/pointer}`, pointers into the config. While the secret is not set,
/// requests go out without it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Credential(Map<String, Value>);

impl Credential {
    /// The host adds this header, whose value is the template: `Credential::header(&["api.x.com"], "authorization", "Bearer
    /// {secret:/token}")`. The plugin sends nothing of it. A value with `{token}` goes with [`exchange`](Self::exchange) or
    /// [`oauth2`](Self::oauth2).
    pub fn header(hosts: &[&str], name: &str, value: &str) -> Self {
        Self::to(hosts).member("header", name).member("value", value)
    }

    /// The `{token}` in the value of [`header`](Self::header) is fetched like this.
    #[must_use]
    pub fn exchange(self, exchange: Exchange) -> Self {
        self.member("token", Map::from_iter([("exchange".to_owned(), exchange.into_value())]))
    }

    /// The `{token}` in the value of [`header`](Self::header) is fetched by OAuth 2.0.
    #[must_use]
    pub fn oauth2(self, oauth2: OAuth2) -> Self {
        self.member("oauth2", oauth2.into_value())
    }

    /// The host adds Basic authentication of a user and a password, each a template. The plugin sends nothing of it.
    pub fn basic(hosts: &[&str], user: &str, password: &str) -> Self {
        Self::to(hosts).member("basic", json!([user, password]))
    }

    /// The plugin itself puts the placeholder of the secret at this pointer (which may end in `/*`) into one of these places.
    pub fn place(hosts: &[&str], places: &[Place], secret: &str) -> Self {
        Self::to(hosts).member("place", json!(places)).member("secret", secret)
    }

    /// The provider's answers hold the secret by right. Without this, an answer that holds it is withheld.
    #[must_use]
    pub fn reflects(self) -> Self {
        self.member("reflects", true)
    }

    fn to(hosts: &[&str]) -> Self {
        Self(Map::new()).member("hosts", json!(hosts))
    }

    fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_read_as_the_manifest_documents_them() {
        const ALL: [Place; 5] = [Place::Header, Place::Path, Place::Query, Place::Form, Place::Json];
        let all = [
            Credential::header(&["{config:/api_base}"], "as-api-key", "{secret:/api_key}"),
            Credential::basic(&["api.x.com"], "{config:/user}", "{secret:/password}").reflects(),
            Credential::place(&["{grant}"], &ALL, "/secrets/*"),
        ];
        assert_eq!(
            json!(all),
            json!([
                { "hosts": ["{config:/api_base}"], "header": "as-api-key", "value": "{secret:/api_key}" },
                { "hosts": ["api.x.com"], "basic": ["{config:/user}", "{secret:/password}"], "reflects": true },
                { "hosts": ["{grant}"], "place": ["header", "path", "query", "form", "json"], "secret": "/secrets/*" },
            ])
        );
    }

    #[test]
    fn fetched_tokens_read_as_the_manifest_documents_them() {
        let bearer = || Credential::header(&["api.x.com"], "authorization", "Bearer {token}");
        let by_form = Exchange::post("https://x.com/login")
            .method("PUT")
            .header("x-app", "{config:/app}")
            .form_field("user", "{config:/user}")
            .form_field("password", "{secret:/password}")
            .pointer("/token")
            .expires_in("/seconds");
        let by_json = Exchange::post("{config:/url}")
            .json_member("{config:/field}", "{secret:/key}")
            .json_member("scopes", json!(["read", 1]))
            .pointer("{config:/pointer}");
        let all = [
            bearer().exchange(by_form),
            bearer().exchange(by_json),
            bearer().oauth2(
                OAuth2::client_credentials("https://x.com/t", "id", "{secret:/s}").scope("a b").client_in_body(),
            ),
            bearer().oauth2(OAuth2::refresh_token("https://x.com/t", "id", "{secret:/r}").client_secret("{secret:/s}")),
        ];
        let fetched = json!(all);
        assert!(
            fetched
                .as_array()
                .expect("a list")
                .iter()
                .all(|one| one["header"] == "authorization" && one["value"] == "Bearer {token}")
        );
        assert_eq!(
            fetched[0]["token"],
            json!({ "exchange": {
                "url": "https://x.com/login", "method": "PUT", "headers": { "x-app": "{config:/app}" },
                "form": { "user": "{config:/user}", "password": "{secret:/password}" },
                "pointer": "/token", "expires_in": "/seconds",
            } })
        );
        assert_eq!(
            fetched[1]["token"],
            json!({ "exchange": {
                "url": "{config:/url}", "pointer": "{config:/pointer}",
                "json": { "{config:/field}": "{secret:/key}", "scopes": ["read", 1] },
            } })
        );
        assert_eq!(
            fetched[2]["oauth2"],
            json!({
                "grant": "client_credentials", "token_url": "https://x.com/t", "client_id": "id",
                "client_secret": "{secret:/s}", "scope": "a b", "client_auth": "body",
            })
        );
        assert_eq!(
            fetched[3]["oauth2"],
            json!({
                "grant": "refresh_token", "token_url": "https://x.com/t", "client_id": "id",
                "client_secret": "{secret:/s}", "refresh_token": "{secret:/r}",
            })
        );
    }
}
