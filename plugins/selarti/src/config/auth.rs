//! How a message to the AI proves whose it is.

use hookyard_sdk::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of three ways. Which of them Selarti wants for this call is not public.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "mode", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Auth {
    /// It does not.
    #[default]
    None,
    /// A secret in a header.
    Header {
        /// The header's name.
        #[schemars(regex(pattern = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$"))]
        name: String,
        /// What stands before the secret: `Bearer `.
        #[schemars(regex(pattern = r"^[ -~\t]*$"))]
        prefix: Option<String>,
        /// The secret.
        #[schemars(regex(pattern = r"^[ -~\t]+$"), extend("x-error" = "a header can hold neither line breaks nor letters beyond ASCII"))]
        secret: Secret,
    },
    /// The secret is exchanged for a token, which goes out as `Authorization: Bearer …`. The host does it, and keeps the token.
    Exchange {
        /// Where the exchange is made.
        #[serde(default = "default_url")]
        #[schemars(url, regex(pattern = r"^https?://[^/?#\s]+([/?][^#\s]*)?$"))]
        url: String,
        /// The field of its JSON body that the secret stands in.
        #[serde(default = "default_body_field")]
        #[schemars(length(min = 1))]
        body_field: String,
        /// The secret: Selarti's API key.
        secret: Secret,
        /// JSON pointer to the token in the answer.
        #[serde(default = "default_token_pointer")]
        #[schemars(
            regex(pattern = r"^(/([^~/]|~[01])*)+$"),
            extend("x-error" = "a JSON pointer, as /response/token")
        )]
        token_pointer: String,
    },
}

fn default_url() -> String {
    "https://selarti.com/api/1.1/wf/auth".to_owned()
}

fn default_body_field() -> String {
    "key".to_owned()
}

fn default_token_pointer() -> String {
    "/response/token".to_owned()
}
