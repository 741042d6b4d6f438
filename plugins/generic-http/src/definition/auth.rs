//! How a request proves whose it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Value;

/// One of three ways. An API key in a header or in the query needs none of them: it is a value like others.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Auth {
    /// `Authorization: Bearer …`.
    Bearer {
        /// The token.
        token: Value,
    },
    /// `Authorization: Basic …`.
    Basic {
        /// The user; a `:` cannot stand in it.
        username: Value,
        /// The password.
        password: Value,
    },
    /// A token by OAuth 2.0 with client credentials (RFC 6749, 4.4). The host fetches and keeps it. Other grants are not
    /// supported.
    Oauth2 {
        /// Where the token is fetched.
        token_url: String,
        /// The client.
        client_id: Value,
        /// Its secret.
        client_secret: Value,
        /// What the token is to be good for.
        scope: Option<String>,
    },
}
