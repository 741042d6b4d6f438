//! What the host says of itself while it runs: logs on stderr, metrics, trace context.

pub(crate) mod deliveries;
pub mod metrics;
pub(crate) mod snapshot;
pub mod traceparent;

use std::io::{self, IsTerminal as _};
use std::str::FromStr;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = InitError;

    fn from_str(text: &str) -> Result<Self, InitError> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(InitError::Format(text.to_owned())),
        }
    }
}

/// Why logging cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Not a format.
    #[error("{0:?} is not a log format: text or json")]
    Format(String),
    /// Not a filter.
    #[error("{0:?} is not a log filter, such as info or hookyard_server=debug,info")]
    Filter(String, #[source] tracing_subscriber::filter::ParseError),
    /// This process logs already.
    #[error("logging has begun already")]
    Twice,
}

/// Lines that may wait for stderr; more are dropped, because a reader of logs that stands still must not hold up webhooks.
const LINES_WAITING_MAX: usize = 16 * 1024;

/// Writes what was logged before it is dropped.
#[derive(Debug)]
pub struct LogWriter(#[expect(dead_code, reason = "its drop is what counts")] WorkerGuard);

/// Lets this process log to stderr, as long as what is returned lives. `filter` is in the syntax of `RUST_LOG`: `info`, or `hookyard_server=debug,info`.
///
/// # Errors
/// The filter cannot be read, or this was called before.
pub fn init(format: LogFormat, filter: &str) -> Result<LogWriter, InitError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| InitError::Filter(filter.to_owned(), error))?;
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(LINES_WAITING_MAX)
        .thread_name("log-writer")
        .finish(io::stderr());
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    let begun = match format {
        LogFormat::Text => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true).with_span_list(false)).try_init(),
    };
    begun.map(|()| LogWriter(guard)).map_err(|_| InitError::Twice)
}
