//! What a plugin may do with secrets that it does not know.
//!
//! Where the manifest's credentials put the secret in by themselves ([`Credential::header`](crate::manifest::Credential::header),
//! [`Credential::basic`](crate::manifest::Credential::basic)), a plugin needs nothing of this.

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
