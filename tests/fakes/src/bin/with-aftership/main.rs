//! `with-aftership API_KEY WEBHOOK_URL WEBHOOK_SECRET COMMAND…`: runs a command beside a fake AfterShip, whose URL it finds in
//! `DEMO_AFTERSHIP`. Shipments move by themselves.

mod shipments;

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};
use std::sync::Arc;

use hookyard_fakes::aftership::{Fake, Sender};
use hookyard_fakes::clock::SystemClock;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let error = match run(&std::env::args().skip(1).collect::<Vec<_>>()).await {
        Ok(status) => return forwarded(status),
        Err(error) => error,
    };
    #[expect(clippy::print_stderr, reason = "the user's terminal is where this belongs")]
    {
        eprintln!("with-aftership: {error}");
    }
    ExitCode::FAILURE
}

async fn run(arguments: &[String]) -> io::Result<ExitStatus> {
    let [api_key, webhook_url, webhook_secret, program, arguments @ ..] = arguments else {
        return Err(io::Error::other("usage: with-aftership API_KEY WEBHOOK_URL WEBHOOK_SECRET COMMAND..."));
    };
    let fake = Arc::new(Fake::start(api_key).await);
    fake.use_clock(Arc::new(SystemClock));
    let mut command = Command::new(program);
    command.args(arguments).env("DEMO_AFTERSHIP", fake.base_url()).kill_on_drop(true);
    tokio::spawn(shipments::move_on(fake, Sender::new(webhook_url, webhook_secret)));
    until_it_ends(command).await
}

/// Ctrl-C reaches the command as well, so that this process has only to outlive it. SIGTERM comes to this process alone and is
/// passed on.
async fn until_it_ends(mut command: Command) -> io::Result<ExitStatus> {
    let _outlived = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut child = command.spawn()?;
    tokio::select! {
        status = child.wait() => return status,
        _ = terminated.recv() => {}
    }
    if let Some(id) = child.id() {
        Command::new("kill").arg(id.to_string()).status().await?;
    }
    child.wait().await
}

/// The command's exit status; a signal's number counts as a shell counts it.
fn forwarded(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
