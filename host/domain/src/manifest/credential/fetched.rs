//! How manifests, and documents of `secrets.token`, say where a token comes from.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A token that an exchange of the provider's own gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FetchedToken {
    /// The request that gives it.
    pub exchange: Exchange,
}

/// A request whose answer holds a token. Member names and values of `json`, `form` and `headers` are templates: text with
/// `{secret:/pointer}` and `{config:/pointer}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Template of its URL, whose origin must be granted like that of any request. Secrets stand in its query only.
    pub url: String,
    /// HTTP method.
    #[serde(default = "post", skip_serializing_if = "is_post")]
    pub method: String,
    /// Headers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A JSON body: an object, in which every text is a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Map<String, Value>>,
    /// A form-encoded body, in place of `json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<BTreeMap<String, String>>,
    /// JSON pointer to the token in the answer; a template.
    pub pointer: String,
    /// JSON pointer to the seconds for which it is good; a template. Without it, it is good until it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<String>,
}

fn post() -> String {
    "POST".to_owned()
}

fn is_post(method: &str) -> bool {
    method == "POST"
}

/// A token by OAuth 2.0 (RFC 6749). Texts are templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// What is given for it.
    pub grant: GrantType,
    /// URL of the token endpoint, whose origin must be granted like that of any request.
    pub token_url: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// The first refresh token; required for that grant. One that the provider gives in its place is kept, and counts until this
    /// declaration, or what it names of the config, changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What the token is to be good for, as the provider writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How the client says who it is.
    #[serde(default, skip_serializing_if = "ClientAuth::is_default")]
    pub client_auth: ClientAuth,
}

/// A grant of OAuth 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// The client's own credentials (RFC 6749, section 4.4).
    ClientCredentials,
    /// A refresh token (RFC 6749, section 6).
    RefreshToken,
}

/// How a client of OAuth 2.0 says who it is (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// By Basic authentication; a client without a secret only states its id, in the body.
    #[default]
    Basic,
    /// In the body.
    Body,
}

impl ClientAuth {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Exchange {
    /// Pointers to all secrets that its texts name, in the order of their names.
    pub(super) fn secrets(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let pairs = self.headers.iter().chain(self.form.iter().flatten());
        pairs.flat_map(|(name, value)| [name, value]).chain([&self.url]).for_each(|text| find(text, &mut found));
        for (name, value) in self.json.iter().flatten() {
            find(name, &mut found);
            find_in_json(value, &mut found);
        }
        found
    }
}

impl OAuth2 {
    /// Pointers to all secrets that its texts name, in the order of their names.
    pub(super) fn secrets(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let optional = [&self.client_secret, &self.refresh_token, &self.scope].into_iter().flatten();
        optional.chain([&self.token_url, &self.client_id]).for_each(|text| find(text, &mut found));
        found
    }
}

fn find(text: &str, found: &mut BTreeSet<String>) {
    let named = text.split("{secret:").skip(1).filter_map(|rest| rest.split_once('}'));
    found.extend(named.map(|(pointer, _)| pointer.to_owned()));
}

fn find_in_json(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => find(text, found),
        Value::Array(items) => items.iter().for_each(|item| find_in_json(item, found)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            find(name, found);
            find_in_json(member, found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
