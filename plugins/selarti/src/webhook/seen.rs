//! Webhooks that were handled before.

use hookyard_sdk::kv::{self, Options};
use hookyard_sdk::{Error, Webhook, crypto};

/// How long it is known that a webhook was handled: as long as the host knows it of events.
const KEPT_SECONDS: u32 = 7 * 24 * 60 * 60;

/// A webhook, known by its body. A copy that comes late would set the marks of its thread back.
pub(super) struct Seen {
    hash: String,
}

impl Seen {
    pub(super) fn of(webhook: &Webhook) -> Result<Self, Error> {
        Ok(Self { hash: crypto::sha256_hex(&webhook.body)? })
    }

    /// The SHA-256 of the body, in hex.
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    pub(super) fn before(&self) -> Result<bool, Error> {
        Ok(kv::get(&self.key())?.is_some())
    }

    /// Takes effect with the rest of the invocation.
    pub(super) fn mark(&self) -> Result<(), Error> {
        Ok(kv::set_with(&self.key(), "", Options { ttl_seconds: Some(KEPT_SECONDS), ..Options::default() })?)
    }

    fn key(&self) -> String {
        format!("seen/{}", self.hash)
    }
}
