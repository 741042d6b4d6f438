//! What a start costs with few and with many components that are compiled already: time until the host listens, and memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hookyard_tests::guests::{self, swap_of};

use super::open_loop::now;
use super::process::Server;

/// Components of the two hosts.
const FEW: u16 = 5;
const MANY: u16 = 1_000;
/// Starts of each; they alternate.
const STARTS: usize = 5;
/// Longest wait for everything to be compiled for the first time.
const COMPILED_WITHIN: Duration = Duration::from_secs(60 * 60);
/// Pause between two looks at how far that is.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What one start showed.
struct Start {
    listening_ms: f64,
    anonymous_mib: f64,
    resident_mib: f64,
}

/// Compiles everything once (`many` components, 1,000 where nothing is said), starts both hosts in turn, and prints the table.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) async fn measure(many: Option<u16>) -> anyhow::Result<()> {
    let many_components = many.unwrap_or(MANY);
    let component = fs::read(guests::SWAP)?;
    println!("components of {} KiB each, which differ in their names", component.len() / 1024);
    let (few, many) = (tempfile::tempdir()?, tempfile::tempdir()?);
    for (directory, count) in [(&few, FEW), (&many, many_components)] {
        let plugins = directory.path().join("plugins");
        fs::create_dir(&plugins)?;
        for number in 0..count {
            fs::write(plugins.join(format!("{number:04}.wasm")), swap_of(&component, number, 1_000))?;
        }
        compile(directory.path(), usize::from(count)).await?;
    }
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        of_few.push(start(few.path(), FEW).await?);
        of_many.push(start(many.path(), many_components).await?);
    }
    println!("{:>12} {:>16} {:>16} {:>16}", "components", "listening ms", "anonymous MiB", "resident MiB");
    for (count, starts) in [(FEW, &of_few), (many_components, &of_many)] {
        let [listening, anonymous, resident] = figures(starts);
        println!("{count:>12} {listening:>16.0} {anonymous:>16.1} {resident:>16.1}");
    }
    let ([_, few_mib, _], [_, many_mib, _]) = (figures(&of_few), figures(&of_many));
    println!(
        "each further component: {:.3} MiB anonymous; medians of {STARTS} starts",
        (many_mib - few_mib) / f64::from(many_components.saturating_sub(FEW).max(1))
    );
    Ok(())
}

/// Lets a host compile all components of its directory.
#[expect(clippy::print_stdout, reason = "it takes minutes")]
async fn compile(directory: &Path, count: usize) -> anyhow::Result<()> {
    let host = Server::hookyard_in(directory, "").await?;
    let until = now() + COMPILED_WITHIN;
    loop {
        let serving = host.serving().await?;
        println!("  compiled {serving} of {count}");
        if serving == count {
            return host.end().await;
        }
        ensure!(now() < until, "not compiled in time");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn start(directory: &Path, count: u16) -> anyhow::Result<Start> {
    let host = Server::hookyard_in(directory, "").await?;
    let serving = host.serving().await?;
    ensure!(serving == usize::from(count), "{serving} of {count} serve when the host listens");
    let start = Start {
        listening_ms: host.started_ms,
        anonymous_mib: host.anonymous_mib()?,
        resident_mib: host.resident_mib()?,
    };
    host.end().await.context("ending")?;
    Ok(start)
}

/// The medians.
fn figures(starts: &[Start]) -> [f64; 3] {
    let figures: [fn(&Start) -> f64; 3] =
        [|start| start.listening_ms, |start| start.anonymous_mib, |start| start.resident_mib];
    figures.map(|figure| {
        let mut values: Vec<_> = starts.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    })
}
