//! The most recent invocations, in memory: what was called, how it ended, what the plugin logged.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hookyard_capability::Log;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::{ConnectionId, InvocationId, WebhookId};
use hookyard_domain::invocation::{LogLevel, LogLine};
use hookyard_domain::limit;
use hookyard_domain::plugin::PluginVersion;
use hookyard_sandbox::{Deadline, Outcome, Usage};

/// One finished invocation.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its id.
    pub id: InvocationId,
    /// When it ended.
    pub at: Timestamp,
    /// For whom.
    pub connection: ConnectionId,
    /// Which plugin, at which version.
    pub plugin: PluginVersion,
    /// Why.
    pub occasion: Occasion,
    /// How it ended, as one word.
    pub outcome: &'static str,
    /// The error, trap or deadline, with the guest's backtrace where there is one.
    pub error: Option<String>,
    /// Wall time, waiting included.
    pub wall: Duration,
    /// Time that the guest burnt.
    pub cpu: Duration,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
    /// Log lines beyond the bound.
    pub log_dropped: u64,
}

/// Why a plugin was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    /// To handle a webhook.
    Webhook(WebhookId),
    /// To see what it would do about a webhook of the inbox; nothing of it was kept or sent.
    DryRun(WebhookId),
    /// To run the action of this name.
    Action(String),
    /// Because the timer of this name is due.
    Timer(String),
    /// To activate the connection.
    Activation,
    /// To have the plugin take its leave, because the connection is disabled or deleted.
    Deactivation,
}

/// What identifies an invocation.
pub(crate) struct Subject {
    pub(crate) id: InvocationId,
    pub(crate) connection: ConnectionId,
    pub(crate) plugin: PluginVersion,
    pub(crate) occasion: Occasion,
}

impl Record {
    pub(crate) fn new<T>(subject: Subject, at: Timestamp, outcome: &Outcome<T>, usage: Usage, log: &Log) -> Self {
        let Subject { id, connection, plugin, occasion } = subject;
        Self {
            id,
            at,
            connection,
            plugin,
            occasion,
            outcome: word(outcome),
            error: reason(outcome),
            wall: usage.wall,
            cpu: usage.cpu,
            log: log.lines.clone(),
            log_dropped: log.dropped,
        }
    }

    fn log_bytes(&self) -> usize {
        self.log.iter().map(|line| line.message.len()).sum()
    }

    /// Writes the record and the plugin's lines to the host's log, within the current span.
    fn trace(&self) {
        for line in &self.log {
            let (connection, invocation, message) = (&self.connection, &self.id, one_line(&line.message));
            match line.level {
                LogLevel::Debug => tracing::debug!(target: "plugin", %connection, %invocation, "{message}"),
                LogLevel::Info => tracing::info!(target: "plugin", %connection, %invocation, "{message}"),
                LogLevel::Warn => tracing::warn!(target: "plugin", %connection, %invocation, "{message}"),
                LogLevel::Error => tracing::error!(target: "plugin", %connection, %invocation, "{message}"),
            }
        }
        if self.log_dropped > 0 {
            tracing::warn!(connection = %self.connection, invocation = %self.id, dropped = self.log_dropped, "plugin log cut");
        }
        if let Some(error) = &self.error {
            tracing::warn!(
                connection = %self.connection, plugin = %self.plugin, invocation = %self.id, occasion = %self.occasion,
                outcome = self.outcome, error = one_line(error), "invocation failed"
            );
        }
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook(id) => write!(f, "webhook {id}"),
            Self::DryRun(id) => write!(f, "dry run of webhook {id}"),
            Self::Action(name) => write!(f, "action {name}"),
            Self::Timer(name) => write!(f, "timer {}", one_line(name)),
            Self::Activation => f.write_str("activation"),
            Self::Deactivation => f.write_str("deactivation"),
        }
    }
}

/// The word for an outcome that logs, metrics and the API use.
pub(crate) fn word<T>(outcome: &Outcome<T>) -> &'static str {
    match outcome {
        Outcome::Returned(_) => "ok",
        Outcome::Error(error) => error.kind.as_str(),
        Outcome::Trap { .. } => "trap",
        Outcome::Deadline(_) => "deadline",
        Outcome::Unavailable(_) => "host-failure",
        Outcome::Busy => "busy",
    }
}

/// Why it did not return, for the operator.
pub(crate) fn reason<T>(outcome: &Outcome<T>) -> Option<String> {
    match outcome {
        Outcome::Returned(_) => None,
        Outcome::Error(error) => Some(error.to_string()),
        Outcome::Trap { message, backtrace } if backtrace.is_empty() => Some(message.clone()),
        Outcome::Trap { message, backtrace } => Some(format!("{message}\n{backtrace}")),
        Outcome::Deadline(Deadline::Wall) => Some("did not answer within its deadline_ms".to_owned()),
        Outcome::Deadline(Deadline::Cpu) => Some("used up its cpu_ms".to_owned()),
        Outcome::Unavailable(failure) => Some(with_sources(failure)),
        Outcome::Busy => Some("no instance became free in time".to_owned()),
    }
}

/// A guest's text without line ends and other control characters, so that it cannot pass for a line of the host.
fn one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
        line
    })
}

/// An error and what caused it, in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A ring of the most recent records, bounded in number and in bytes of log lines.
#[derive(Debug, Default)]
pub struct Invocations(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    records: VecDeque<Record>,
    log_bytes: usize,
}

impl Invocations {
    /// Keeps a record and writes it to the host's log; forgets the oldest ones beyond the bounds.
    pub(crate) fn keep(&self, record: Record) {
        record.trace();
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.log_bytes += record.log_bytes();
        ring.records.push_back(record);
        while ring.records.len() > limit::INVOCATIONS_KEPT_MAX || ring.log_bytes > limit::INVOCATIONS_LOG_BYTES_MAX {
            let Some(oldest) = ring.records.pop_front() else { return };
            ring.log_bytes -= oldest.log_bytes();
        }
    }

    /// The records, newest first.
    pub fn recent(&self) -> Vec<Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).records.iter().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_text_cannot_pass_for_a_line_of_the_host() {
        assert_eq!(one_line("é\n2026 INFO forged\u{1b}[0m"), "é\\n2026 INFO forged\\u{1b}[0m");
    }
}
