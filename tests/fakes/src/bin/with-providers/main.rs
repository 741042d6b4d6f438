//! `with-providers WEBHOOKS CUSTOMERS COMMAND…`: runs a command beside a fake AfterShip, a fake Freshchat and a fake Selarti. It finds
//! their URLs and keys in its environment ([`environment`](providers::Providers::environment) has the names); their webhooks go to
//! `WEBHOOKS`, the URL before the connection's id. Shipments move by themselves, customers say what is posted to `CUSTOMERS`, an
//! address with a port, and this program's output shows their conversations.

mod conversations;
mod customers;
mod providers;
mod shipments;

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};

use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use customers::Customers;
use providers::Providers;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let error = match run(&std::env::args().skip(1).collect::<Vec<_>>()).await {
        Ok(status) => return forwarded(status),
        Err(error) => error,
    };
    #[expect(clippy::print_stderr, reason = "the user's terminal is where this belongs")]
    {
        eprintln!("with-providers: {error}");
    }
    ExitCode::FAILURE
}

async fn run(arguments: &[String]) -> io::Result<ExitStatus> {
    let [webhooks, address, program, arguments @ ..] = arguments else {
        return Err(io::Error::other("usage: with-providers WEBHOOKS CUSTOMERS COMMAND..."));
    };
    let providers = Providers::start(webhooks).await;
    let customers = Customers::of(providers.freshchat.clone());
    let mut command = Command::new(program);
    command.args(arguments).envs(providers.environment()).kill_on_drop(true);
    tokio::spawn(shipments::move_on(providers.aftership.clone(), Providers::shipments(webhooks)));
    tokio::spawn(conversations::show(customers.clone()));
    tokio::spawn(customers::listen(address, customers).await?);
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
