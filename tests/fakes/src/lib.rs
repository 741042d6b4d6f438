//! Fake providers, with the signatures they make and the client that sends their webhooks.

pub mod aftership;
pub mod http;
pub mod provider;
pub mod receiver;
pub mod sign;

pub use hookyard_domain::clock;

use clock::Timestamp;

/// When the clock of every fake and of every test host starts: 2026-03-04T10:00:00Z.
pub const START: Timestamp = Timestamp::from_millis(1_772_618_400_000);
