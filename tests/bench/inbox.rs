//! What a backlog costs: the start with it, its memory, how fast it drains, and what others feel of that.

mod backlog;
mod drain;
mod report;

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use hookyard_tests::guests;
use tempfile::TempDir;

use super::open_loop::now;
use super::process::Server;
use super::webhooks::SECRET;
use backlog::Due;

/// Pending webhooks of the start that is measured, where nothing else is said.
const MANY: u32 = 100_000;
/// Pending webhooks of the memory that is measured: a tenth of them.
const FEWER: u32 = 10;
/// Starts of each kind; they alternate.
const STARTS: usize = 5;
/// Rounds of draining.
const ROUNDS: usize = 3;

/// What one start showed.
pub(crate) struct Start {
    pub(crate) listening_ms: f64,
    pub(crate) ready_ms: f64,
    pub(crate) anonymous_mib: f64,
    pub(crate) resident_mib: f64,
}

/// Starts the host with `many` pending webhooks (100,000 where nothing is said), with a tenth of them and with none, in turn; then
/// lets it drain a tenth of them beside the webhooks of another connection.
pub(crate) async fn measure(many: Option<u32>) -> anyhow::Result<()> {
    let many = many.unwrap_or(MANY).max(FEWER);
    let backlogs = [0, many / FEWER, many];
    let mut starts = Vec::new();
    for pending in backlogs {
        let host = host().await?;
        backlog::fill(host.path(), pending, Due::Tomorrow).await?;
        starts.push((pending, host, Vec::new()));
    }
    for _ in 0..STARTS {
        for (pending, host, shown) in &mut starts {
            shown.push(start(host.path(), *pending).await?);
        }
    }
    let starts: Vec<_> = starts.into_iter().map(|(pending, _, shown)| (pending, shown)).collect();
    report::starts(&starts);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(drain::round(many / FEWER).await?);
    }
    report::rounds(many / FEWER, &rounds);
    Ok(())
}

/// A directory whose plugin is compiled and whose connections exist.
async fn host() -> anyhow::Result<TempDir> {
    let directory = tempfile::tempdir()?;
    Server::hookyard(directory.path(), guests::AFTERSHIP, &config()).await?.end().await?;
    Ok(directory)
}

fn config() -> String {
    let connection = |id: &str| {
        format!(
            "[connections.{id}]\nplugin = \"aftership\"\n\
             config = {{ api_key = \"k\", webhook_secret = \"{SECRET}\", api_base = \"https://127.0.0.1:9\" }}\n"
        )
    };
    connection("shop") + &connection("other")
}

/// The sockets accept only after everything that waits stands in its line again, so that the first answer comes after that.
async fn start(directory: &Path, pending: u32) -> anyhow::Result<Start> {
    let begin = now();
    let host = Server::hookyard_in(directory, &config()).await?;
    let listening_ms = host.started_ms;
    host.ready().await?;
    let ready_ms = begin.elapsed().as_secs_f64() * 1e3;
    let (anonymous_mib, resident_mib) = (host.anonymous_mib()?, host.resident_mib()?);
    let found = host.pending("shop").await?;
    ensure!(found == u64::from(pending), "{found} are pending, not {pending}");
    host.end().await?;
    Ok(Start { listening_ms, ready_ms, anonymous_mib, resident_mib })
}

/// How long to wait between two looks at how many are pending.
const LOOK_EVERY: Duration = Duration::from_millis(250);
