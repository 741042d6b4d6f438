//! The harness of Hookyard's tests: a whole host in process, its guests, and small clients.

pub mod guests;
pub mod host;
pub mod http;
pub mod process;
pub mod sign;
pub mod wit_freeze;
