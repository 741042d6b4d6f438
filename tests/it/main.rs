//! Promises of the whole host, one module a promise. `CARGO_BIN_EXE_hookyard` is the real binary.

mod binary;
mod contract;
mod effects;
mod guests;
mod misbehaving;
mod tidy;
mod webhook;
