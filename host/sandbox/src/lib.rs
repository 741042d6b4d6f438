//! The sandbox: loads components and calls them, each call in a fresh instance that holds nothing but what it was lent. The
//! only crate that knows wasmtime.
//!
//! [`Sandbox::load`] turns the bytes of a file into a [`Component`], or says exactly why not ([`Rejection`]).
//! [`Sandbox::handle_webhook`] calls it with an [`Invocation`], in which everything is resolved: nothing is looked up here.
//! What comes back ([`Finished`]) has the effects that the guest wants; making them true is for others.

mod activate;
mod bindings;
mod bounds;
mod cache;
mod checksum;
mod code;
pub mod compile_child;
mod compiler;
mod component;
mod deactivate;
mod describe;
mod engine;
mod exports;
mod fire_timer;
mod guest;
mod handle_webhook;
mod import_check;
mod imports;
mod invocation;
mod invoke;
mod load;
mod load_bounds;
mod meter;
mod outcome;
mod output;
mod plugin_error;
mod rejection;
mod remains;
mod run_action;
mod sandbox;
mod shape;
mod ticker;
mod tier;
mod trap;
mod wasi;
mod wasi_http;

pub use activate::Activated;
pub use component::{Component, Exports};
pub use invocation::{Invocation, WebhookRequest, WebhookResponse};
pub use load::CompileTurn;
pub use load_bounds::LoadBounds;
pub use outcome::{Deadline, Finished, Outcome, Usage};
pub use rejection::Rejection;
pub use remains::{Interpreter, Remains, Unreadable};
pub use sandbox::{Compiler, Sandbox, SandboxError, SandboxSettings};
