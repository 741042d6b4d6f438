//! The cost of a durable webhook beside native code that does the same work and writes the same rows.
//!
//! `cargo bench-webhooks` builds `hookyard`, starts both servers as processes, drives them in turn, and prints a table. Nothing
//! here passes or fails: what is printed are ratios of interleaved windows of one run.

mod load;
mod native;
mod process;

use std::path::Path;

use anyhow::Context as _;

use load::{Window, drive};
use process::Server;

/// Windows of each server; they alternate.
const WINDOWS: usize = 7;
/// Webhooks of one window.
const WEBHOOKS: usize = 6_000;
/// Connections that send one webhook after the other.
const CLIENTS: usize = 32;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match std::env::args().nth(1).as_deref() {
        Some("native") => {
            let data = std::env::args().nth(2).context("native DATA")?;
            runtime.block_on(native::serve(Path::new(&data)))
        }
        _ => runtime.block_on(compare()),
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
async fn compare() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let native = Server::native(directory.path()).await?;
    let hookyard = Server::hookyard(directory.path()).await?;
    println!(
        "hookyard: ready {:.0} ms after its start (cold cache), {:.1} MiB resident\n",
        hookyard.started_ms,
        hookyard.resident_mib()?
    );
    // One window each to warm up: compiled code, caches, connections.
    for server in [&native, &hookyard] {
        drive(server, WEBHOOKS / 4, CLIENTS, "warm-up").await?;
    }
    let (mut natives, mut hookyards) = (Vec::new(), Vec::new());
    for window in 0..WINDOWS {
        natives.push(drive(&native, WEBHOOKS, CLIENTS, &window.to_string()).await?);
        hookyards.push(drive(&hookyard, WEBHOOKS, CLIENTS, &window.to_string()).await?);
    }
    println!("{WINDOWS} windows of {WEBHOOKS} webhooks each, {CLIENTS} clients, durable commit on both sides");
    println!("{:28} {:>10} {:>10} {:>22}", "", "native", "hookyard", "ratio (min-max)");
    row("CPU us per webhook", &natives, &hookyards, |window| window.cpu_us);
    row("webhooks per second", &natives, &hookyards, |window| window.per_second);
    row("p50 us", &natives, &hookyards, |window| window.p50_us);
    row("p99 us", &natives, &hookyards, |window| window.p99_us);
    let expected = (WEBHOOKS * WINDOWS + WEBHOOKS / 4) as u64;
    println!(
        "\nevents at the end: native {}, hookyard {}, sent {expected} to each",
        native.events().await?,
        hookyard.events().await?
    );
    println!("hookyard after the load: {:.1} MiB resident", hookyard.resident_mib()?);
    drop(hookyard);
    let warm = Server::hookyard(directory.path()).await?;
    println!(
        "hookyard again: ready {:.0} ms after its start (warm cache), {:.1} MiB resident",
        warm.started_ms,
        warm.resident_mib()?
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
fn row(name: &str, natives: &[Window], hookyards: &[Window], figure: fn(&Window) -> f64) {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        (values[values.len() / 2], values[0], values[values.len() - 1])
    };
    let ratios = natives.iter().zip(hookyards).map(|(native, hookyard)| figure(hookyard) / figure(native)).collect();
    let (native, ..) = median(natives.iter().map(figure).collect());
    let (hookyard, ..) = median(hookyards.iter().map(figure).collect());
    let (ratio, min, max) = median(ratios);
    println!("{name:28} {native:>10.0} {hookyard:>10.0} {:>22}", format!("{ratio:.2} ({min:.2}-{max:.2})"));
}
