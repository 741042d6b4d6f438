//! An in-memory host, so that a plugin's tests run natively.
//!
//! It keeps the promises of the real one that a plugin can notice: an invocation takes effect as a whole or not at all, a known
//! dedupe key does not reach the plugin again, an event must be of a declared kind and fit its schema. It does not verify
//! signatures (the real host does that before the plugin runs), runs one invocation at a time, and makes no requests.

mod answer;
mod host;
mod keys;
mod run;

pub use answer::{Answer, Emitted};
pub use host::Host;

pub(crate) use run::running;

/// The connection that [`Host`] stands for.
pub const CONNECTION: &str = "test";
/// Its webhook URL.
pub const WEBHOOK_URL: &str = "https://hooks.example.com/webhooks/test";
/// When every webhook arrives until [`Host::advance`] is called: 2026-01-01T00:00:00Z, in seconds since 1970.
pub const START: u64 = 1_767_225_600;
