//! What is said of a guest that broke.

use std::fmt::Write as _;

use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use wasmtime::WasmBacktrace;

use crate::guest::Guest;

/// One line on what went wrong, and the guest's call stack.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) message: String,
    pub(crate) backtrace: String,
}

impl Broken {
    /// Of an error of the engine. What is kept of its texts is bounded, but is more than is shown: see [`Broken::shown`].
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

    /// Without secrets, and within bounds. The message of an error and the names in a call stack are the guest's own words.
    pub(crate) fn shown(&self, redactor: &Redactor) -> Self {
        let beginning = |text: &str, bytes_max| redactor.redact_beginning(text, bytes_max).into_owned();
        Self {
            message: beginning(&self.message, limit::ERROR_MESSAGE_BYTES_MAX),
            backtrace: beginning(&self.backtrace, limit::BACKTRACE_BYTES_MAX),
        }
    }
}

/// One frame a line, innermost first, with names demangled by the engine.
fn frames(backtrace: &WasmBacktrace) -> String {
    let text = backtrace.to_string();
    let frames = text.split_once('\n').map_or("", |(_heading, frames)| frames).trim_end();
    cut(frames.to_owned(), limit::BACKTRACE_BYTES_MAX)
}

/// The beginning of a text that may be too long, with as much behind it as it takes to find a secret that begins in it.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max + limit::REDACTION_SLACK_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use hookyard_domain::secret::Secret;

    use super::*;

    #[test]
    fn a_secret_across_a_bound_is_not_shown_by_its_beginning() {
        let across =
            |bytes: usize| cut(format!("{}correct-horse{}", "x".repeat(bytes - 3), "y".repeat(bytes * 9)), bytes);
        let (message, backtrace) = (limit::ERROR_MESSAGE_BYTES_MAX, limit::BACKTRACE_BYTES_MAX);
        let broken = Broken { message: across(message), backtrace: across(backtrace) };
        let shown = broken.shown(&Redactor::new([&Secret::new("correct-horse")]));
        for (text, bytes) in [(shown.message, message), (shown.backtrace, backtrace)] {
            assert_eq!(text, format!("{}•", "x".repeat(bytes - 3)));
        }
    }
}
