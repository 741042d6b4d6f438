//! `with-providers WEBHOOKS PEOPLE COMMAND…`: runs a command beside fakes of the providers of the demo. It finds their URLs and keys
//! in its environment ([`environment`](hookyard_fakes::demo::Providers::environment) has the names); their webhooks go to `WEBHOOKS`,
//! the URL before the connection's id. Shipments move by themselves, people say what is posted to `PEOPLE`, an address with a port, some
//! of them by themselves as soon as the command listens, and this program's output shows what becomes of it.

mod conversations;
mod opening;
mod people;
mod phones;
mod shipments;

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};
use std::sync::Arc;

use hookyard_fakes::clock::{Clock as _, SystemClock};
use hookyard_fakes::demo::Providers;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use people::People;

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
        return Err(io::Error::other("usage: with-providers WEBHOOKS PEOPLE COMMAND..."));
    };
    let providers = Arc::new(Providers::start().await);
    live(&providers, webhooks);
    let people = People::of(Arc::clone(&providers));
    let mut command = Command::new(program);
    command.args(arguments).envs(providers.environment()).kill_on_drop(true);
    tokio::spawn(shipments::move_on(Arc::clone(&providers), Providers::shipments(webhooks)));
    tokio::spawn(phones::show(providers));
    tokio::spawn(conversations::show_freshchat(Arc::clone(&people)));
    tokio::spawn(conversations::show_telegram(Arc::clone(&people)));
    tokio::spawn(people::listen(address, Arc::clone(&people)).await?);
    tokio::spawn(opening::begin(webhooks.clone(), people));
    until_it_ends(command).await
}

/// What a demo needs beside what a test does: the time of day, and as much of an AI as fits here.
fn live(providers: &Providers, webhooks: &str) {
    // The host keeps its data when the demo ends, and these providers keep nothing.
    providers.begin_series(SystemClock.now().as_millis().unsigned_abs());
    providers.aftership.use_clock(Arc::new(SystemClock));
    providers.freshchat.use_clock(Arc::new(SystemClock));
    providers.telegram.use_clock(Arc::new(SystemClock));
    providers.selarti.answers(answer);
    providers.telegram_selarti.answers(answer);
    providers.deliver_to(webhooks);
}

fn answer(text: &str) -> String {
    if text.contains("person") {
        "One moment, a colleague takes over.".to_owned()
    } else {
        format!("You wrote {} characters. Say \"person\" to be handed over to one.", text.chars().count())
    }
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
