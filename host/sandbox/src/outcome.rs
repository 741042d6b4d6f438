//! How an invocation ended.

use std::time::Duration;

use hookyard_capability::{Effects, HostFailure};
use hookyard_domain::invocation::PluginError;
use hookyard_domain::redaction::Redactor;

use crate::plugin_error;
use crate::trap::Broken;

/// An invocation that is over, whatever came of it.
#[derive(Debug)]
pub struct Finished<T> {
    /// What came of it.
    pub outcome: Outcome<T>,
    /// What the guest wants to make true and what it logged. Commit the former only after [`Outcome::Returned`].
    pub effects: Effects,
    /// What it took.
    pub usage: Usage,
}

/// What came of an invocation. Every variant is handled differently.
#[derive(Debug)]
pub enum Outcome<T> {
    /// The guest answered.
    Returned(T),
    /// The guest returned an error.
    Error(PluginError),
    /// The guest broke: it trapped, grew beyond its memory, or returned more than it may.
    Trap {
        /// What went wrong, one line.
        message: String,
        /// The guest's own call stack, innermost first, one frame a line; may be empty.
        backtrace: String,
    },
    /// Time was up.
    Deadline(Deadline),
    /// The host itself failed.
    Unavailable(HostFailure),
    /// No slot became free in time; the guest was not called.
    Busy,
}

impl<T> Outcome<T> {
    /// Without any secret of the connection in what the guest says (it may have learnt one all the same), and within bounds.
    pub(crate) fn shown(self, redactor: &Redactor) -> Self {
        match self {
            Self::Error(error) => Self::Error(plugin_error::shown(error, redactor)),
            Self::Trap { message, backtrace } => {
                let Broken { message, backtrace } = Broken { message, backtrace }.shown(redactor);
                Self::Trap { message, backtrace }
            }
            other => other,
        }
    }
}

/// Which time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Wall time, waiting included.
    Wall,
    /// Time that the guest itself burned.
    Cpu,
}

/// What an invocation took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// From the wish for a slot to the end.
    pub wall: Duration,
    /// Processor time of the guest and of the host's work for it.
    pub cpu: Duration,
    /// Linear memory at the end, of all the guest's modules together.
    pub memory_bytes: usize,
}
