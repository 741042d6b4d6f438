//! The only places that a secret may go to.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Where a plugin may place the placeholder of a secret by itself. The host writes the secret as its place needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The value of a header.
    Header,
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
    /// {secret:/token}")`. The plugin sends nothing of it.
    pub fn header(hosts: &[&str], name: &str, value: &str) -> Self {
        Self::to(hosts).member("header", name).member("value", value)
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
        let all = [
            Credential::header(&["{config:/api_base}"], "as-api-key", "{secret:/api_key}"),
            Credential::basic(&["api.x.com"], "{config:/user}", "{secret:/password}").reflects(),
            Credential::place(&["{grant}"], &[Place::Header, Place::Query, Place::Form, Place::Json], "/secrets/*"),
        ];
        assert_eq!(
            json!(all),
            json!([
                { "hosts": ["{config:/api_base}"], "header": "as-api-key", "value": "{secret:/api_key}" },
                { "hosts": ["api.x.com"], "basic": ["{config:/user}", "{secret:/password}"], "reflects": true },
                { "hosts": ["{grant}"], "place": ["header", "query", "form", "json"], "secret": "/secrets/*" },
            ])
        );
    }
}
