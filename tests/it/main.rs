//! Promises of the whole host, one module a promise. `CARGO_BIN_EXE_hookyard` is the real binary.

mod actions;
mod aftership;
mod at_most_once;
mod binary;
mod command_line;
mod connections;
mod contract;
mod effects;
mod grants;
mod guests;
mod inbox;
mod lifecycle;
mod living;
mod misbehaving;
mod misbehaving_components;
mod new;
mod no_way_out;
mod order;
mod replay;
mod secrets;
mod swaps;
mod tidy;
mod timers;
mod wasi_http;
mod webhook;
