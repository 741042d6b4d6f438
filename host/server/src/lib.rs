//! A Hookyard host: sockets, the way of a webhook through it, and the one place where its parts are put together.
//!
//! Bytes come in through [`http`], are verified, handled in the sandbox and committed by [`pipeline`], and are read again by
//! clients through [`http`]. [`compose`] is the only module that wires the crates together.

pub mod action_rules;
pub mod actions;
mod agenda;
pub mod clockwork;
mod cloud_event;
pub mod compose;
pub mod config;
pub mod connections;
mod consents;
pub mod dispatcher;
mod endpoints;
mod handling;
pub mod host;
mod host_event;
pub mod http;
pub mod in_work;
pub mod inbox;
pub mod invocations;
pub mod invoker;
pub mod lifecycle;
mod master_key;
mod open_files;
pub mod pipeline;
pub mod places;
pub mod plugins;
pub mod registry;
pub mod subscriptions;
pub mod tail;
pub mod telemetry;
pub mod timers;
pub mod trials;
mod unsuccessful;
