//! What the host knows of this call.

use crate::imports;

/// `inv_…`; another for each run.
pub fn id() -> String {
    imports::invocation_id()
}

/// 1 for the first run, and one more for each further one, also of a timer, and of an action that is repeated with one idempotency
/// key.
pub fn attempt() -> u32 {
    imports::attempt()
}

/// 32 characters of `0-9a-f`, the same for every run that has the same cause (dedupe key, client's idempotency key, timer and
/// its start) and the same `purpose`: pass it on to providers that take one.
pub fn idempotency_key(purpose: &str) -> String {
    imports::idempotency_key(purpose)
}

/// Of every invocation: `received-at` (RFC 3339), `traceparent`. Of webhooks: `webhook-id`, `verified-by`, `remote-address`, and
/// `dry-run` (`true`) where nothing will be committed or sent. More may come.
pub fn attribute(name: &str) -> Option<String> {
    imports::attribute(name)
}
