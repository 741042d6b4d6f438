//! Lines for the operator, kept with the invocation. The host keeps the first hundred of an invocation, 4 KiB of each.
//!
//! ```no_run
//! hookyard_sdk::log::info(format_args!("ignored the event {}", "edd_revise"));
//! ```

use std::fmt::Display;

use crate::imports;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever follows the plugin's decisions.
    Debug,
    /// What happened.
    Info,
    /// Something is odd, and the plugin went on.
    Warn,
    /// Something went wrong.
    Error,
}

/// Writes a line at this level.
pub fn write(level: Level, message: impl Display) {
    imports::log(level, &message.to_string());
}

/// Writes a line at [`Level::Debug`].
pub fn debug(message: impl Display) {
    write(Level::Debug, message);
}

/// Writes a line at [`Level::Info`].
pub fn info(message: impl Display) {
    write(Level::Info, message);
}

/// Writes a line at [`Level::Warn`].
pub fn warn(message: impl Display) {
    write(Level::Warn, message);
}

/// Writes a line at [`Level::Error`].
pub fn error(message: impl Display) {
    write(Level::Error, message);
}
