//! The nouns and rules of Hookyard.
//!
//! Nothing here does I/O, waits, or reads the clock: time and randomness come in as arguments ([`clock`], [`entropy`]),
//! so that every rule can be tested as a function. Types here are neither wire types nor database rows; those live with
//! the sockets and with the database.

pub mod address;
pub mod clock;
pub mod commit;
pub mod config;
pub mod connection;
pub mod credential;
pub mod delivery;
pub mod entropy;
pub mod event;
pub mod fetched_token;
pub mod flow;
pub mod grant;
pub mod hex;
pub mod host_pattern;
pub mod id;
pub mod idempotency;
pub mod inbox;
pub mod invocation;
pub mod json;
pub mod keyed_hash;
pub mod kv;
pub mod limit;
pub mod manifest;
pub mod plugin;
pub mod redaction;
pub mod retry;
pub mod retry_after;
pub mod rollback;
pub mod schema;
pub mod secret;
pub mod signature;
pub mod signing;
pub mod subscription;
pub mod timer;
pub mod webhook;
