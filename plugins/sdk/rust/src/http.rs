//! Outbound HTTP, through the host.
//!
//! The host reaches the hosts that the manifest asks for and the operator granted, and no other. It puts secrets in where the
//! manifest's credentials say, so that a plugin sends none itself; it bounds time and size; it follows redirects only when asked.
//!
//! ```no_run
//! # fn main() -> Result<(), hookyard_sdk::Error> {
//! use hookyard_sdk::http::{Request, query, segment};
//!
//! #[derive(serde::Deserialize)]
//! struct Parcel {
//!     state: String,
//! }
//!
//! let parcel = segment("LX/1")?;
//! let url = format!("https://api.parcels.example/v1/parcels/{parcel}?{}", query([("fields", "state")]));
//! let parcel: Parcel = Request::get(url).timeout_ms(5_000).send()?.success()?.json()?;
//! # let _ = parcel.state;
//! # Ok(())
//! # }
//! ```
//!
//! `?` on the result of [`Request::send`] and [`Response::success`] give the errors that all plugins share:
//!
//! | what happened | error |
//! |---|---|
//! | the host did not send it: `denied`, `invalid` (too large a request, too), `too-many` | `failed`, [`EGRESS_DENIED`] |
//! | it could not be sent: `dns`, `connect`, `tls` | `unavailable`, [`UNAVAILABLE`] |
//! | no token for it: the credentials were refused (`token-refused`) | `unauthorized`, [`UNAUTHORIZED`] |
//! | no token for it for now (`token-unavailable`) | `unavailable`, [`UNAVAILABLE`] |
//! | an answer without the token (`token-invalid`) | `failed`, [`PROTOCOL`] |
//! | no answer (`timeout`, `closed`) or a 5xx, [repeatable](Request::repeatable) | `unavailable`, [`UNAVAILABLE`] |
//! | an unusable answer (`too-large`, `protocol`, `secret-reflected`), repeatable | `failed`, [`PROTOCOL`] |
//! | either of these two, not repeatable | `failed`, [`OUTCOME_UNKNOWN`] |
//! | 401, 403 | `unauthorized`, [`UNAUTHORIZED`] |
//! | 429 | `unavailable`, [`RATE_LIMITED`], not before the `retry-after` header says |
//! | any other status but 2xx; an answer that is not what the provider documents | `failed`, [`PROTOCOL`] |
//!
//! A plugin that knows its provider better looks at the status and the body first, and takes the errors from [`Response`].

mod encode;
mod error;
mod request;
mod response;

pub use encode::{percent, query, segment};
pub use error::Error;
pub use request::{Request, send_all};
pub use response::{Response, excerpt};

/// The provider refused the credentials.
pub const UNAUTHORIZED: &str = "provider-unauthorized";
/// The provider asks for a pause.
pub const RATE_LIMITED: &str = "rate-limited";
/// The provider is down or cannot be reached, and trying again does no harm.
pub const UNAVAILABLE: &str = "provider-unavailable";
/// The provider may have carried out what must not be repeated.
pub const OUTCOME_UNKNOWN: &str = "outcome-unknown";
/// The provider's answer is not what it documents.
pub const PROTOCOL: &str = "provider-protocol";
/// The host refused to send the request; its message says why and what would permit it.
pub const EGRESS_DENIED: &str = "egress-denied";

/// Longest text of a provider that is shown in a message, in bytes.
pub const EXCERPT_BYTES_MAX: usize = 200;
