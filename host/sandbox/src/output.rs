//! What a guest writes to stdout and stderr, as lines of its log.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use hookyard_capability::SharedLog;
use hookyard_domain::invocation::LogLevel;
use hookyard_domain::limit;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// One of the two streams. All handles that a guest opens on it write to the same lines.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    log: SharedLog,
    level: LogLevel,
    line: Arc<Mutex<Line>>,
}

const LINE_BYTES_MAX: usize = limit::LOG_LINE_BYTES_MAX + limit::REDACTION_SLACK_BYTES;

/// A line that has not ended yet.
#[derive(Debug, Default)]
struct Line {
    kept: Vec<u8>,
    begun: bool,
}

impl Output {
    /// A stream whose lines have this level.
    pub(crate) fn new(log: SharedLog, level: LogLevel) -> Self {
        Self { log, level, line: Arc::default() }
    }

    /// Logs what is left of a last line without an end.
    pub(crate) fn finish(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        self.end(&mut line);
    }

    fn take_in(&self, bytes: &[u8]) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (text, ended) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            // A little more than is logged, so that a secret across the end is found.
            let room = LINE_BYTES_MAX.saturating_sub(line.kept.len());
            line.kept.extend_from_slice(&text[..text.len().min(room)]);
            line.begun = true;
            if ended {
                self.end(&mut line);
            }
        }
    }

    fn end(&self, line: &mut Line) {
        let Line { kept, begun } = std::mem::take(line);
        if begun {
            let text = String::from_utf8_lossy(&kept);
            self.log.write(self.level, text.strip_suffix('\r').unwrap_or(&text));
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take_in(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        const WRITE_BYTES_MAX: usize = 64 * 1024;
        Ok(WRITE_BYTES_MAX)
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.take_in(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use hookyard_domain::redaction::Redactor;
    use hookyard_domain::secret::Secret;

    use super::*;

    fn lines(writes: &[&[u8]]) -> Vec<String> {
        let log = SharedLog::default();
        let output = Output::new(log.clone(), LogLevel::Info);
        writes.iter().for_each(|bytes| output.take_in(bytes));
        output.finish();
        log.take().lines.into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn lines_are_put_together_from_pieces() {
        assert_eq!(lines(&[b"a", b"b\nc\r\n", b"\n", b"last"]), ["ab", "c", "", "last"]);
        assert_eq!(lines(&[b"done\n"]), ["done"]);
        assert_eq!(lines(&[]), Vec::<String>::new());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_as_far_as_they_can_be() {
        assert_eq!(lines(&[b"a\xffb\n"]), ["a\u{fffd}b"]);
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let piece = [b'x'; 1000];
        let written = lines(&[&piece[..]; 50]);
        assert_eq!(written.iter().map(String::len).collect::<Vec<_>>(), [limit::LOG_LINE_BYTES_MAX]);
    }

    #[test]
    fn a_secret_across_the_end_of_a_line_is_not_shown_by_its_beginning() {
        let redactor = Redactor::new([&Secret::new("correct-horse")]);
        let log = SharedLog::redacting(Arc::new(redactor));
        let output = Output::new(log.clone(), LogLevel::Info);
        output.take_in("x".repeat(limit::LOG_LINE_BYTES_MAX - 3).as_bytes());
        output.take_in(b"correct-");
        output.take_in(b"horse\n");
        assert_eq!(log.take().lines[0].message, format!("{}•", "x".repeat(limit::LOG_LINE_BYTES_MAX - 3)));
    }
}
