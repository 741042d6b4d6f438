//! How a webhook proves where it comes from. The host checks it, over the exact bytes, before the plugin runs.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// SHA-1, where a provider has nothing better.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Digits in any case.
    Hex,
    /// Standard alphabet, padded.
    Base64,
    /// URL-safe alphabet.
    Base64url,
}

/// Unit of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
}

/// One way in which a webhook may prove where it comes from. `secret`, `user` and `public_key` are JSON pointers into the config
/// (`/webhook_secret`); what stands there may be a list while it rotates.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Verify(Map<String, Value>);

impl Verify {
    fn scheme(name: &str) -> Self {
        Self(Map::new()).member("scheme", name)
    }

    /// A keyed hash of the body, in a header.
    pub fn hmac(hash: Hash, encoding: Encoding, header: &str, secret: &str) -> Self {
        Self::scheme("hmac")
            .member("hash", json!(hash))
            .member("encoding", json!(encoding))
            .member("header", header)
            .member("secret", secret)
    }

    /// HMAC-SHA-256 of the body, in base64.
    pub fn hmac_sha256_base64(header: &str, secret: &str) -> Self {
        Self::hmac(Hash::Sha256, Encoding::Base64, header, secret)
    }

    /// HMAC-SHA-256 of the body, in hex.
    pub fn hmac_sha256_hex(header: &str, secret: &str) -> Self {
        Self::hmac(Hash::Sha256, Encoding::Hex, header, secret)
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 of the body, in base64 in a header.
    pub fn rsa_pkcs1_sha256(header: &str, public_key: &str) -> Self {
        Self::scheme("rsa-pkcs1-sha256").member("header", header).member("public_key", public_key)
    }

    /// Ed25519 of the body, in a header.
    pub fn ed25519(header: &str, public_key: &str) -> Self {
        Self::scheme("ed25519").member("header", header).member("public_key", public_key)
    }

    /// Standard Webhooks 1.0.
    pub fn standard_webhooks(secret: &str) -> Self {
        Self::scheme("standard-webhooks").member("secret", secret)
    }

    /// A shared token in a header.
    pub fn token_header(header: &str, secret: &str) -> Self {
        Self::scheme("token").member("header", header).member("secret", secret)
    }

    /// A shared token in the query.
    pub fn token_query(name: &str, secret: &str) -> Self {
        Self::scheme("token").member("query", name).member("secret", secret)
    }

    /// A shared token as the first segment of the path after the connection.
    pub fn token_path(secret: &str) -> Self {
        Self::scheme("token").member("path", true).member("secret", secret)
    }

    /// HTTP Basic authentication.
    pub fn basic(user: &str, secret: &str) -> Self {
        Self::scheme("basic").member("user", user).member("secret", secret)
    }

    /// Nothing is checked. The operator must grant `allow_unsigned`.
    pub fn none() -> Self {
        Self::scheme("none")
    }

    /// What stands before the signature: `sha256=`.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        self.member("prefix", prefix)
    }

    /// The header is a list of `name=value`, and the parts of this name are signatures: `.parts(",", "v1")`.
    #[must_use]
    pub fn parts(self, separator: &str, signature_part: &str) -> Self {
        self.member("parts", separator).member("signature_part", signature_part)
    }

    /// What is signed, where it is not the body alone: `v0:{timestamp}:{body}`.
    #[must_use]
    pub fn signed(self, template: &str) -> Self {
        self.member("signed", template)
    }

    /// The time of signing stands in this header, and may be `tolerance_seconds` away from now, both ways.
    #[must_use]
    pub fn timestamp_header(self, header: &str, unit: Unit, tolerance_seconds: u64) -> Self {
        self.member("timestamp", json!({ "header": header, "unit": unit }))
            .member("tolerance_seconds", tolerance_seconds)
    }

    /// The time of signing stands in this part of the signature's header.
    #[must_use]
    pub fn timestamp_part(self, part: &str, unit: Unit, tolerance_seconds: u64) -> Self {
        self.member("timestamp", json!({ "part": part, "unit": unit })).member("tolerance_seconds", tolerance_seconds)
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// Any other member of the rule, as the manifest's schema names it: `when`, `signature`, …
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }
}
