//! The sandbox from outside: small guests, each with one behaviour, and what becomes of them.

#[path = "sandbox/bounds.rs"]
mod bounds;
#[path = "sandbox/cache.rs"]
mod cache;
#[path = "sandbox/calls.rs"]
mod calls;
#[allow(dead_code, reason = "shared with tests that need more of it")]
#[path = "sandbox/guest.rs"]
mod guest;
#[path = "sandbox/host.rs"]
mod host;
#[path = "sandbox/rejections.rs"]
mod rejections;
