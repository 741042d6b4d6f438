//! What a plugin may do with secrets that it does not know.
//!
//! Where the manifest's credentials put the secret in by themselves
//! ([`Credential::header`](crate::manifest::Credential::header), [`Credential::basic`](crate::manifest::Credential::basic)), a
//! plugin needs nothing of this.

use serde::Serialize;

use crate::manifest::{Exchange, OAuth2};
use crate::{Refusal, Secret, imports};

/// How a secret is written for its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Standard alphabet, padded.
    Base64,
    /// URL-safe alphabet.
    Base64url,
    /// Percent-encoding, for URLs.
    Percent,
    /// The inside of a JSON string.
    JsonString,
    /// Lower-case hexadecimal digits.
    Hex,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64url => "base64url",
            Self::Percent => "percent",
            Self::JsonString => "json-string",
            Self::Hex => "hex",
        }
    }
}

/// A placeholder for `text` as it reads once its placeholders are filled in and it is encoded. It may go where all secrets in
/// `text` may go.
///
/// ```no_run
/// # fn header(config_password: &hookyard_sdk::Secret) -> Result<String, hookyard_sdk::Refusal> {
/// use hookyard_sdk::secrets::{Encoding, derive};
///
/// let signed_in = derive(Encoding::Base64, &format!("robot:{}", config_password.placeholder()))?;
/// # Ok(
/// format!("Custom {}", signed_in.placeholder())
/// # )
/// # }
/// ```
pub fn derive(encoding: Encoding, text: &str) -> Result<Secret, Refusal> {
    imports::derive(encoding.name(), text).map(Secret::from_placeholder)
}

/// A token that only an invocation can describe, because it depends on more than the config says. Where the config says all,
/// [`Credential::exchange`](crate::manifest::Credential::exchange) and
/// [`Credential::oauth2`](crate::manifest::Credential::oauth2) need nothing of this.
///
/// Texts are literal here, with placeholders of secrets among them. Those go to the token's URL only where a
/// [`Credential::place`](crate::manifest::Credential::place) lets the plugin place them: in JSON, in a form, in a header (which
/// Basic authentication of a client is).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenDocument {
    hosts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<Exchange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth2: Option<OAuth2>,
}

impl TokenDocument {
    /// A token for requests to these hosts (`[http://]NAME[:PORT]`), fetched like this.
    pub fn exchange(hosts: &[&str], exchange: Exchange) -> Self {
        Self { hosts: owned(hosts), exchange: Some(exchange), oauth2: None }
    }

    /// A token for requests to these hosts, fetched by OAuth 2.0.
    pub fn oauth2(hosts: &[&str], oauth2: OAuth2) -> Self {
        Self { hosts: owned(hosts), exchange: None, oauth2: Some(oauth2) }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A placeholder for the token that the document describes. It is good for this invocation, and may stand in the values of
/// headers of requests to the document's hosts: `format!("Bearer {}", token.placeholder())`.
///
/// Nothing is fetched before a request needs the token; what goes wrong then is the error of that request (`token-refused`,
/// `token-unavailable`, `token-invalid`, see [`http::Error`](crate::http::Error)). The host keeps the token beyond this
/// invocation and renews it, for whoever describes the same.
///
/// Refused as `invalid`: the document is not as documented. `denied`: a placeholder in it stands for no secret of this
/// invocation, or for one that may not go there. `too-many`: an invocation may describe 16 tokens.
pub fn token(document: &TokenDocument) -> Result<Secret, Refusal> {
    let document = serde_json::to_string(document).map_err(|error| Refusal::invalid(error.to_string()))?;
    imports::token(&document).map(Secret::from_placeholder)
}
