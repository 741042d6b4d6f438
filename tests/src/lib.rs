//! The harness of Hookyard's tests: a whole host in process, its guests, and the fakes of
//! `hookyard-fakes`; and the crash test.

pub mod another_version;
mod compiled;
pub mod consumers;
pub mod crash;
mod deliveries;
pub mod followers;
pub mod gate;
pub mod guests;
pub mod hookyard;
pub mod host;
mod inbox;
pub mod names;
pub mod process;
pub mod schema_freeze;
pub mod wit_freeze;

pub use hookyard_fakes::{
    aftership, demo, fault, feedbot, freshchat, http, provider, receiver, rest, selarti, sign, telegram,
};
pub use hookyard_faults as faults;
pub use hookyard_faults::Reading;
