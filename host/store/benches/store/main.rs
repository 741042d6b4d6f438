//! How many commits the store makes durable in a second, beside SQLite writing exactly these rows without it, and how long one commit
//! takes at half of that.
//!
//! `cargo bench-store` prints tables and fails only when a row is missing at the end. `cargo bench-store quick` does very little of
//! everything, to see that it works.

mod checkpoints;
mod latency;
mod measured;
mod raw;
mod rows;
mod seed;
mod size;
mod table;

use anyhow::ensure;
use hookyard_domain::limit;
use tokio::runtime::Runtime;

use measured::Measured;
use raw::Raw;
use rows::Work;
use size::Size;

/// Who commits at the same time, each the next one when it has the answer to the last.
pub(crate) const PRODUCERS: usize = 64;

#[expect(clippy::print_stdout, reason = "a benchmark prints its tables")]
fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --benches` runs benchmarks as well, as if they were tests.
        return Ok(());
    }
    let size = if arguments.iter().any(|argument| argument == "quick") { Size::QUICK } else { Size::WHOLE };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!(
        "{PRODUCERS} producers; {} marks and {} keys present; durable: WAL, synchronous=FULL; in {}",
        size.marks,
        size.keys,
        env!("CARGO_TARGET_TMPDIR")
    );
    println!(
        "windows of {:.1} s, interleaved; groups of at most {} commits\n",
        size.window.as_secs_f64(),
        limit::GROUP_COMMITS_MAX
    );
    for work in [Work::MarkAndEvent, Work::AndKey] {
        compare(&runtime, work, &size)?;
    }
    Ok(())
}

/// The ceilings of both, then the latency at half of the store's.
#[expect(clippy::print_stdout, reason = "a benchmark prints its tables")]
fn compare(runtime: &Runtime, work: Work, size: &Size) -> anyhow::Result<()> {
    let (of_store, of_raw) = (seed::directory(size)?, seed::directory(size)?);
    let store = Measured::open(of_store.path(), size.keys)?;
    let mut raw = Raw::open(of_raw.path(), size.keys)?;
    println!("{}", work.name());
    // One window each to warm up: caches, statements and, for raw SQLite, the size that the store's groups have.
    let mut group = runtime.block_on(store.window(work, size.window))?.group;
    raw.window(work, size.window, group)?;
    let (mut raws, mut quiet, mut clearing) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.windows {
        raws.push(raw.window(work, size.window, group)?);
        let window = runtime.block_on(store.window(work, size.window))?;
        group = window.group;
        quiet.push(window);
        store.clear_away(true);
        clearing.push(runtime.block_on(store.window(work, size.window))?);
        store.clear_away(false);
    }
    table::ceilings(&raws, &quiet, &clearing);
    let (ceiling, ..) = table::median(clearing.iter().map(|window| window.per_second).collect());
    let latencies = runtime.block_on(latency::at(&store, work, ceiling / 2.0, size.open_loop))?;
    table::latencies(&latencies, ceiling / 2.0);

    let (by_store, by_raw) = (runtime.block_on(store.close()), raw.close()?);
    let left = seed::expired_left(of_store.path())?;
    println!("expired marks: {} in the beginning, {left} left in the end", seed::expired(size));
    for (name, directory, expected) in [("the store", &of_store, by_store), ("raw SQLite", &of_raw, by_raw)] {
        let (events, marks) = seed::count(directory.path(), size)?;
        ensure!((events, marks) == (expected, expected), "{name}: {events} events, {marks} marks, not {expected}");
    }
    println!("counted in the end: {by_store} events and marks by the store, {by_raw} by raw SQLite\n");
    Ok(())
}
