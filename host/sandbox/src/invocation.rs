//! What a guest is called with: everything resolved, nothing to look up.

use std::sync::Arc;

use bytes::Bytes;
use hookyard_capability::Effects;
use hookyard_domain::id::InvocationId;
use hookyard_domain::invocation::{IdempotencyKeys, InvocationLimits};

/// One call into a guest.
#[derive(Debug)]
pub struct Invocation {
    /// Another for each run.
    pub id: InvocationId,
    /// 1 for the first run.
    pub attempt: u32,
    /// The connection's config as the guest may see it: JSON with placeholders for secrets.
    pub config: Arc<str>,
    /// The public URL that the provider calls.
    pub webhook_url: String,
    /// Derives the keys that the guest passes on.
    pub idempotency: IdempotencyKeys,
    /// What `invocation.attribute` answers.
    pub attributes: Vec<(&'static str, String)>,
    /// Bounds of this call.
    pub limits: InvocationLimits,
    /// Serves the guest's calls and collects its wishes.
    pub effects: Effects,
}

/// A verified webhook as a guest sees it.
#[derive(Debug, Clone)]
pub struct WebhookRequest {
    /// The HTTP method.
    pub method: String,
    /// What follows `/webhooks/{connection}`, with verification tokens blanked.
    pub path: String,
    /// Without the `?`, with verification tokens blanked.
    pub query: String,
    /// Lower-case names; bytes of 0x80 and above as the code points U+0080 to U+00FF.
    pub headers: Vec<(String, String)>,
    /// Exactly the bytes received.
    pub body: Bytes,
}

/// What a guest answers to a webhook. Not judged here: any status, any header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}
