//! `log`: lines for people, kept with the invocation whatever becomes of it.
//!
//! Scope: the invocation. Grant: none needed. Limit: lines and bytes of a line. Act: kept, or counted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hookyard_domain::invocation::{LogLevel, LogLine};
use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;

use crate::vault::Vault;

/// The lines of one invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// The guest's first [`limit::LOG_LINES_MAX`] and the host's first [`limit::HOST_LOG_LINES_MAX`], in the order in which they
    /// were written.
    pub lines: Vec<LogLine>,
    /// How many came after those.
    pub dropped: u64,
    of_host: usize,
}

impl Log {
    /// Whether another line of the guest is kept. Counts it where it is not.
    fn takes(&mut self) -> bool {
        let takes = self.lines.len() - self.of_host < limit::LOG_LINES_MAX;
        self.dropped += u64::from(!takes);
        takes
    }

    /// The same for a line of the host.
    fn takes_of_host(&mut self) -> bool {
        let takes = self.of_host < limit::HOST_LOG_LINES_MAX;
        self.dropped += u64::from(!takes);
        takes
    }
}

/// A log that the guest's calls, its stdout and stderr and the host write to. No line of it holds a secret of the connection.
#[derive(Debug, Clone, Default)]
pub struct SharedLog {
    log: Arc<Mutex<Log>>,
    redaction: Redaction,
}

/// What finds secrets in lines.
#[derive(Debug, Clone, Default)]
enum Redaction {
    /// For calls that know no secrets.
    #[default]
    None,
    Fixed(Arc<Redactor>),
    /// Knows more secrets as time goes on.
    Vault(Arc<Vault>),
}

impl SharedLog {
    /// A log whose lines are redacted as they are written.
    pub fn redacting(redactor: Arc<Redactor>) -> Self {
        Self { log: Arc::default(), redaction: Redaction::Fixed(redactor) }
    }

    /// A log whose lines are redacted by what this vault knows when they are written.
    pub fn of(vault: Arc<Vault>) -> Self {
        Self { log: Arc::default(), redaction: Redaction::Vault(vault) }
    }

    /// Adds a line of the guest, cut at [`limit::LOG_LINE_BYTES_MAX`]; only counts it when there are enough of them.
    pub fn write(&self, level: LogLevel, message: &str) {
        let mut log = self.locked();
        if log.takes() {
            let message = self.beginning(message, limit::LOG_LINE_BYTES_MAX);
            log.lines.push(LogLine { level, message });
        }
    }

    /// Adds a line of the host, cut at [`limit::HOST_LOG_LINE_BYTES_MAX`]. However much the guest writes, these are kept; and
    /// one that says the same again is not repeated.
    pub fn write_of_host(&self, level: LogLevel, message: &str) {
        let message = self.beginning(message, limit::HOST_LOG_LINE_BYTES_MAX);
        let mut log = self.locked();
        if log.lines.iter().all(|line| line.message != message) && log.takes_of_host() {
            log.of_host += 1;
            log.lines.push(LogLine { level, message });
        }
    }

    fn beginning(&self, message: &str, bytes_max: usize) -> String {
        let redact = |redactor: &Redactor| redactor.redact_beginning(message, bytes_max).into_owned();
        match &self.redaction {
            Redaction::Fixed(redactor) => redact(redactor),
            Redaction::Vault(vault) => redact(&vault.redactor()),
            Redaction::None => message[..message.floor_char_boundary(bytes_max)].to_owned(),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was written so far.
    #[must_use]
    pub fn take(&self) -> Log {
        std::mem::take(&mut *self.locked())
    }
}

#[cfg(test)]
mod tests {
    use hookyard_domain::secret::Secret;

    use super::*;

    #[test]
    fn a_flood_of_lines_is_counted_rather_than_kept() {
        let log = SharedLog::default();
        for _ in 0..limit::LOG_LINES_MAX + 7 {
            log.write(LogLevel::Info, "again");
        }
        let log = log.take();
        assert_eq!((log.lines.len(), log.dropped), (limit::LOG_LINES_MAX, 7));
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let log = SharedLog::default();
        log.write(LogLevel::Warn, &"é".repeat(limit::LOG_LINE_BYTES_MAX));
        let line = &log.take().lines[0].message;
        assert_eq!(line.len(), limit::LOG_LINE_BYTES_MAX);
        assert!(line.chars().all(|c| c == 'é'));
    }

    fn redacting(secret: &str) -> SharedLog {
        SharedLog::redacting(Arc::new(Redactor::new([&Secret::new(secret)])))
    }

    #[test]
    fn a_secret_across_the_end_of_a_line_is_not_shown_by_its_beginning() {
        let log = redacting("correct-horse");
        log.write(LogLevel::Info, &format!("{}correct-horse", "x".repeat(limit::LOG_LINE_BYTES_MAX - 3)));
        log.write_of_host(LogLevel::Info, &format!("{}correct-horse", "x".repeat(limit::HOST_LOG_LINE_BYTES_MAX - 3)));
        for line in log.take().lines {
            assert!(line.message.ends_with("x•"), "{:?}", line.message.get(line.message.len() - 20..));
        }
    }

    #[test]
    fn what_the_host_says_is_kept_whatever_the_guest_writes() {
        let log = redacting("hunter2");
        for _ in 0..limit::LOG_LINES_MAX + 1 {
            log.write(LogLevel::Info, "noise");
        }
        let long = format!("refused hunter2 {} these lines", "h".repeat(limit::LOG_LINE_BYTES_MAX));
        log.write_of_host(LogLevel::Warn, &long);
        log.write_of_host(LogLevel::Warn, &long);
        for index in 0..limit::HOST_LOG_LINES_MAX {
            log.write_of_host(LogLevel::Warn, &index.to_string());
        }
        let log = log.take();
        let of_host: Vec<_> = log.lines.iter().filter(|line| line.level == LogLevel::Warn).collect();
        assert_eq!((of_host.len(), log.dropped), (limit::HOST_LOG_LINES_MAX, 2));
        assert_eq!(of_host[0].message, long.replace("hunter2", "•••"), "whole, and once");
        assert_eq!(log.lines.len(), limit::LOG_LINES_MAX + limit::HOST_LOG_LINES_MAX);
    }
}
