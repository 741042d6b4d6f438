//! An in-memory host, so that a plugin's tests run natively.
//!
//! It keeps the promises of the real one that a plugin can notice: an invocation takes effect as a whole or not at all, a known
//! dedupe key does not reach the plugin again, an event must be of a declared kind and fit its schema. It does not verify
//! signatures (the real host does that before the plugin runs) and runs one invocation at a time.
//!
//! Requests go to the provider that the test plays, and only if the real host would let them out:
//!
//! ```
//! # use hookyard_sdk::{Action, Error, NoConfig, Output, Plugin};
//! # use hookyard_sdk::manifest::{ActionKind, Manifest};
//! # use hookyard_sdk::http::{Request, Response};
//! # struct Parcels;
//! # impl Plugin for Parcels {
//! #     type Config = NoConfig;
//! #     fn manifest() -> Manifest {
//! #         Manifest::new("parcels", "1.0.0").host("api.parcels.example").action(ActionKind::new::<(), String>("greet"))
//! #     }
//! #     fn run(_: NoConfig, _: Action) -> Result<Output, Error> {
//! #         Output::new(&Request::get("https://api.parcels.example/hello").send()?.success()?.json::<String>()?)
//! #     }
//! # }
//! # hookyard_sdk::export!(Parcels: actions);
//! use hookyard_sdk::testing::Host;
//! use serde_json::json;
//!
//! let host = Host::<Parcels>::new(&json!({})).provider(|_| Ok(Response::new(200).with_json(&"hello")));
//! assert_eq!(host.action("greet", &json!(null)), Ok(json!("hello")));
//! assert_eq!(host.requests()[0].url, "https://api.parcels.example/hello");
//! ```

mod answer;
mod config;
pub(crate) mod crypto;
mod host;
mod keys;
mod origin;
mod outbound;
mod pointer_pattern;
mod request;
mod run;
mod timers;
mod token_source;
mod tokens;
mod vault;

pub use answer::{Answer, Emitted};
pub use host::Host;
pub use timers::Started;

pub(crate) use run::running;

/// The connection that [`Host`] stands for.
pub const CONNECTION: &str = "test";
/// Its webhook URL.
pub const WEBHOOK_URL: &str = "https://hooks.example.com/webhooks/test";
/// When every webhook arrives until [`Host::advance`] is called: 2026-01-01T00:00:00Z, in seconds since 1970.
pub const START: u64 = 1_767_225_600;
