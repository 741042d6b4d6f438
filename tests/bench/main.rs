//! What the host costs beside native code that does the same work.
//!
//! `cargo bench-webhooks` and `cargo bench-actions` build `hookyard`, start both servers as processes, drive them in turn, and print
//! tables. Neither passes or fails: what is printed are ratios of interleaved windows of one run. `cargo bench-swaps` fails when a
//! swap under load costs a request, and `cargo bench-start` and `cargo bench-inbox` measure starts, the latter with
//! a backlog. `cargo bench-plugins` weighs the plugins. `cargo bench-deliveries` measures what leaves the host: deliveries, and events to those who follow them. With `HOOKYARD_BENCH_BINARY` that binary is measured.

mod actions;
mod deliveries;
mod inbox;
mod load;
mod native;
mod open_loop;
mod plugins;
mod process;
mod proxy;
mod start;
mod swaps;
mod table;
mod upstream;
mod webhooks;

use std::path::Path;

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let argument =
        |number: usize| std::env::args().nth(number).with_context(|| format!("argument {number} is missing"));
    match argument(1).as_deref() {
        Ok("native") => runtime.block_on(native::serve(Path::new(&argument(2)?))),
        Ok("proxy") => runtime.block_on(proxy::serve(&argument(2)?)),
        Ok("upstream") => runtime.block_on(upstream::serve()),
        Ok("actions") => runtime.block_on(actions::compare()),
        Ok("swaps") => runtime.block_on(swaps::measure(argument(2).ok().and_then(|rate| rate.parse().ok()))),
        Ok("inbox") => runtime.block_on(inbox::measure(argument(2).ok().and_then(|many| many.parse().ok()))),
        Ok("taker") => runtime.block_on(deliveries::taker::serve()),
        Ok("deliveries") => runtime.block_on(deliveries::measure(argument(2).ok().and_then(|many| many.parse().ok()))),
        Ok("plugins") => runtime.block_on(plugins::measure()),
        Ok("start") => runtime.block_on(start::measure(argument(2).ok().and_then(|many| many.parse().ok()))),
        _ => runtime.block_on(webhooks::compare()),
    }
}
