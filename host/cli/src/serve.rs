//! `hookyard serve`: runs a host until it is told to stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hookyard_server::compose::{self, Running};
use hookyard_server::config::{self, Flags, Settings};
use hookyard_server::telemetry::{self, LogFormat};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::environment;
use crate::output;

/// What is logged unless `RUST_LOG` says otherwise.
const LOG_FILTER: &str = "info";

/// How the host is run.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Flags override HOOKYARD_… variables, which override the file: HOOKYARD_CONFIG, HOOKYARD_LISTEN, \
HOOKYARD_ADMIN_LISTEN, HOOKYARD_ADMIN_ON_LISTEN, HOOKYARD_PUBLIC_URL, HOOKYARD_PLUGINS, HOOKYARD_DATA, HOOKYARD_POOL_SLOTS, \
HOOKYARD_LOG_FORMAT, HOOKYARD_STRICT. HOOKYARD_TOKEN sets a token of the API, RUST_LOG what is logged."
)]
pub(crate) struct Arguments {
    /// The configuration [default: hookyard.toml, which may be missing]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of plugins [default: plugins]
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// Directory of database, compiled code, keys and socket [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// How log lines look [default: text]
    #[arg(long, value_name = "text|json")]
    log_format: Option<LogFormat>,
    /// Do not start while anything is wrong with a plugin or a connection
    #[arg(long)]
    strict: bool,
}

/// Serves until SIGINT or SIGTERM, then finishes what is in flight. On SIGHUP it reads its configuration again.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { config, plugins, data, listen, log_format, strict } = arguments;
    let flags = Flags { config, plugins, data, listen, log_format, strict };
    let directory = std::env::current_dir().context("cannot find the current directory")?;
    let settings = config::load(&flags, &directory, &environment)?;
    let filter = environment("RUST_LOG").filter(|filter| !filter.is_empty());
    let _log = telemetry::init(settings.log_format, filter.as_deref().unwrap_or(LOG_FILTER))?;
    log_panics();

    let mut signals = Signals::listen()?;
    let mut hangup = hangups()?;
    report(&settings);
    let running = compose::start(settings).await?;
    announce(&running).unwrap_or_else(|error| tracing::warn!(%error, "nobody reads on stdout where this host listens"));
    let signal = loop {
        tokio::select! {
            signal = signals.next() => break signal,
            _ = hangup.recv() => reload(&running, &flags, &directory, "SIGHUP").await,
        }
    };
    stop(running, signal, &mut signals).await
}

/// The signals that end this program.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on, they do not end it by themselves.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
        })
    }

    /// The name of the next one.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// Ends a host because of a signal, at once with the next one.
///
/// # Errors
/// There was a next one.
pub(crate) async fn stop(running: Running, signal: &str, signals: &mut Signals) -> anyhow::Result<()> {
    tracing::info!(signal, "stopping: finishing what is in flight; once more to stop at once");
    tokio::select! {
        () = running.stop() => tracing::info!("stopped"),
        signal = signals.next() => anyhow::bail!("stopped at once by {signal}"),
    }
    Ok(())
}

/// From now on, SIGHUP does not end this program.
///
/// # Errors
/// The system refuses.
pub(crate) fn hangups() -> anyhow::Result<Signal> {
    signal(SignalKind::hangup()).context("cannot wait for SIGHUP")
}

/// Reads the configuration again, because of `reason`. One that is wrong changes nothing.
pub(crate) async fn reload(running: &Running, flags: &Flags, directory: &Path, reason: &str) {
    tracing::info!(reason, "reading the configuration again");
    let before = running.host.settings.file.as_deref();
    match config::load_again(flags, directory, &environment, before) {
        Ok(settings) => running.reload(settings).await,
        Err(problems) => {
            problems.iter().for_each(|problem| tracing::error!("{problem}"));
            tracing::error!("the configuration is not applied: everything goes on as it was");
        }
    }
}

/// Says which file was read.
fn report(settings: &Settings) {
    match &settings.file {
        Some(file) => tracing::info!(file = %file.display(), "configuration read"),
        None => tracing::info!("no {}: every setting has its default", config::DEFAULT_FILE),
    }
}

/// Tells where the host listens, on stdout, so that whoever started it with port 0 can find it.
///
/// # Errors
/// Stdout cannot be written.
pub(crate) fn announce(running: &Running) -> std::io::Result<()> {
    let addresses = running.addresses();
    output::line(&format!("webhooks  http://{}/webhooks/CONNECTION", addresses.public))?;
    if let Some(admin) = addresses.admin {
        output::line(&format!("api       http://{admin}/v1"))?;
    }
    output::line(&format!("socket    {}", addresses.socket.display()))
}

/// Panics go where everything else goes: into the log, with their place. One request less, not one host less.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(location, %backtrace, "panic: {message}");
    }));
}
