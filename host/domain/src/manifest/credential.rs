//! The only places that a secret may go to.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// One way in which the host puts a secret into a request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Host patterns of the requests.
    pub hosts: Vec<String>,
    /// Header that the host adds, with `value`.
    #[serde(default)]
    pub header: Option<String>,
    /// Template of the header's value: `Bearer {secret:/access_token}`.
    #[serde(default)]
    pub value: Option<String>,
    /// Templates of user and password of Basic authentication.
    #[serde(default)]
    pub basic: Option<[String; 2]>,
    /// Where the guest may place the placeholder by itself: `header`, `query`, `form`, `json`.
    #[serde(default)]
    pub place: Option<Vec<String>>,
    /// JSON pointer of the secret that `place` speaks of; may end in `/*`.
    #[serde(default)]
    pub secret: Option<String>,
    /// How the host fetches the token that `value` names as `{token}`.
    #[serde(default)]
    pub token: Option<Value>,
    /// How the host gets that token by OAuth 2.0: `client_credentials` or `refresh_token`.
    #[serde(default)]
    pub oauth2: Option<Value>,
    /// Whether the provider's answers legitimately hold the secret.
    #[serde(default)]
    pub reflects: bool,
}
