//! `log`: lines for people, kept with the invocation whatever becomes of it.
//!
//! Scope: the invocation. Grant: none needed. Limit: lines and bytes of a line. Act: kept, or counted.

use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::invocation::{LogLevel, LogLine};
use hookyard_domain::limit;

/// The lines of one invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// The first [`limit::LOG_LINES_MAX`] of them.
    pub lines: Vec<LogLine>,
    /// How many came after those.
    pub dropped: u64,
}

impl Log {
    /// Adds a line; cuts it at [`limit::LOG_LINE_BYTES_MAX`], and only counts it when there are enough.
    pub fn write(&mut self, level: LogLevel, message: &str) {
        if self.lines.len() >= limit::LOG_LINES_MAX {
            self.dropped += 1;
            return;
        }
        let end = message.floor_char_boundary(limit::LOG_LINE_BYTES_MAX);
        self.lines.push(LogLine { level, message: message[..end].to_owned() });
    }
}

/// A log that the guest's calls and its stdout and stderr write to.
#[derive(Debug, Clone, Default)]
pub struct SharedLog(Arc<Mutex<Log>>);

impl SharedLog {
    /// See [`Log::write`].
    pub fn write(&self, level: LogLevel, message: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(level, message);
    }

    /// Takes what was written so far.
    #[must_use]
    pub fn take(&self) -> Log {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
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
}
