//! Write Hookyard plugins in Rust.
//!
//! A plugin is one type that implements [`Plugin`] and is handed to [`export!`], with the parts that it has:
//!
//! ```
//! use hookyard_sdk::manifest::{EventKind, Manifest, Verify, WebhookRules};
//! use hookyard_sdk::{Error, Event, Plugin, Response, Secrets, Webhook};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! struct Parcels;
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// Signs the webhooks.
//!     webhook_secret: Option<Secrets>,
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Arrived {
//!     parcel: String,
//! }
//!
//! impl Plugin for Parcels {
//!     type Config = Config;
//!
//!     fn manifest() -> Manifest {
//!         Manifest::new("parcels", "1.0.0")
//!             .webhook(
//!                 WebhookRules::verified_by(Verify::hmac_sha256_hex("x-signature", "/webhook_secret")).dedupe_body("/id"),
//!             )
//!             .event(EventKind::new::<Arrived>("parcel.arrived").title("A parcel has arrived"))
//!     }
//!
//!     fn handle(_config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
//!         let arrived: Arrived = webhook.json()?;
//!         Event::new("parcel.arrived").subject(arrived.parcel.clone()).emit(&arrived)?;
//!         Ok(None)
//!     }
//! }
//!
//! hookyard_sdk::export!(Parcels: webhook);
//!
//! // Its tests run on the build machine, against an in-memory host.
//! let host = hookyard_sdk::testing::Host::<Parcels>::new(&serde_json::json!({ "webhook_secret": "s3cret" }));
//! let answer = host.webhook(&Webhook::post(r#"{"id": "1", "parcel": "LX1"}"#));
//! assert_eq!((answer.status, answer.events[0].subject.as_deref()), (200, Some("LX1")));
//! assert!(host.webhook(&Webhook::post(r#"{"id": "1", "parcel": "LX1"}"#)).duplicate);
//! ```
//!
//! Build it with `cargo build --target wasm32-wasip2 --profile plugin`; `plugins/README.md` says what belongs into that profile.
//!
//! What a plugin does within one invocation ([`Event::emit`], [`kv::set`], …) is collected by the host and takes effect when the
//! invocation succeeds, in one transaction, or not at all.

mod action;
mod error;
mod event;
mod lifecycle;
mod plugin;
mod schema;
mod secret;
mod timer;
mod webhook;

pub mod connection;
pub mod crypto;
pub mod export;
pub mod http;
pub mod invocation;
pub mod json;
pub mod kv;
pub mod lenient;
pub mod log;
pub mod manifest;
pub mod secrets;
pub mod time;
pub mod timers;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[allow(missing_docs, unsafe_code, unreachable_pub, unused_qualifications, clippy::all)]
pub mod bindings;
#[cfg(target_arch = "wasm32")]
#[path = "imports/guest.rs"]
mod imports;
#[cfg(not(target_arch = "wasm32"))]
#[path = "imports/native.rs"]
mod imports;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use action::{Action, Output};
pub use error::{Error, ErrorKind, Refusal};
pub use event::Event;
pub use lifecycle::Setup;
pub use plugin::{NoConfig, Plugin};
pub use secret::{Secret, Secrets};
pub use serde_json::value::RawValue;
pub use timer::Timer;
pub use webhook::{Response, Webhook};
