//! Fake providers, with the signatures they make and the client that sends their webhooks.

pub mod aftership;
mod answer;
pub mod courier;
pub mod demo;
pub mod fault;
pub mod feedbot;
pub mod freshchat;
pub mod http;
mod listen;
pub mod provider;
pub mod receiver;
pub mod rest;
pub mod selarti;
pub mod sign;
pub mod telegram;
mod traffic;

pub use hookyard_domain::clock;
pub use rest::Rest;
pub use telegram::Telegram;

use std::sync::{Mutex, MutexGuard, PoisonError};

use clock::Timestamp;

/// When the clock of every fake and of every test host starts: 2026-03-04T10:00:00Z.
pub const START: Timestamp = Timestamp::from_millis(1_772_618_400_000);

/// A panic of one test's request must not hide behind a poisoned lock.
fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
