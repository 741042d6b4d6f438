//! What is said of a guest that broke.

use std::fmt::Write as _;

use hookyard_domain::limit;
use wasmtime::WasmBacktrace;

use crate::guest::Guest;

/// One line on what went wrong, and the guest's call stack.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) message: String,
    pub(crate) backtrace: String,
}

impl Broken {
    /// Of an error of the engine.
    pub(crate) fn new(error: &wasmtime::Error, guest: &Guest) -> Self {
        // The engine wraps what happened in where it happened.
        let mut message = error.root_cause().to_string();
        if let Some(bytes) = guest.bounds.memory_refused() {
            // Writing to a String succeeds.
            let _written = write!(message, "; it had asked for more memory than the {bytes} bytes that it may have");
        }
        let backtrace = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
        Self { message: cut(message, limit::ERROR_MESSAGE_BYTES_MAX), backtrace }
    }
}

/// One frame a line, innermost first, with names demangled by the engine.
fn frames(backtrace: &WasmBacktrace) -> String {
    let text = backtrace.to_string();
    let frames = text.split_once('\n').map_or("", |(_heading, frames)| frames).trim_end();
    cut(frames.to_owned(), limit::BACKTRACE_BYTES_MAX)
}

/// The beginning of a text that may be too long.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text
}
