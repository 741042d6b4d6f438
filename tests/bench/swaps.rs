//! Swaps under load: one plugin's file is replaced again and again while signed webhooks come in at a constant rate. Unlike the
//! other benchmarks this one fails: when a webhook is not answered 200, when its event is missing, or when a swap is not seen.

mod report;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use hookyard_tests::guests::{self, swap_of, swap_version};
use hookyard_tests::sign::hmac_sha256_base64;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::open_loop::{Load, Sent, now};
use super::process::Server;
use report::Swap;

/// Webhooks that are due each second.
const PER_SECOND: u32 = 500;
/// Swaps, the one to Python and the one back included.
const SWAPS: u16 = 20;
/// The swap to the version in Python. A webhook costs it many times the processor time, so that a small machine cannot keep up for
/// long: the next swap is a rollback, which takes effect at once.
const PYTHON_SWAP: u16 = 10;
/// Fewest webhooks in flight at each swap.
const IN_FLIGHT_MIN: usize = 4;
/// How long a version serves before the next one comes.
const SERVES: Duration = Duration::from_millis(1_500);
/// Longest wait for a version's first answer; Python takes a while to compile, with everything else going on.
const SEEN_WITHIN: Duration = Duration::from_secs(180);
/// How long the provider takes for each webhook: so that some are in flight at any time.
const PROVIDER_MS: u32 = 30;
const SECRET: &str = "whs_test_9b1f6c2e";
const BODY: &[u8] = include_bytes!("../vectors/a1_tracking_update.json");

/// What is known while the load goes on.
struct Run {
    load: Load,
    sent: Vec<Sent>,
    failures: Vec<String>,
}

/// Swaps under load and prints what it took. `per_second` webhooks are due; 500 where nothing is said.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) async fn measure(per_second: Option<u32>) -> anyhow::Result<()> {
    let per_second = per_second.unwrap_or(PER_SECOND);
    let directory = tempfile::tempdir()?;
    let upstream = Server::bench(&["upstream"]).await?;
    let config = format!(
        "[connections.swap]\nplugin = \"swap-guest-0000\"\n\
         config = {{ secret = \"{SECRET}\", url = \"http://{}/wait-{PROVIDER_MS}\" }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}\n",
        upstream.address
    );
    let hookyard = Server::hookyard(directory.path(), guests::SWAP, &config).await?;
    let mut run = Run {
        load: Load::start(hookyard.address, per_second, Arc::new(webhook)),
        sent: Vec::new(),
        failures: Vec::new(),
    };
    let rust = fs::read(guests::SWAP)?;
    if guests::SWAP_PYTHON.is_none() {
        println!("no version is in Python: componentize-py was not there when this was built");
    }
    run.serve(SERVES).await;
    let mut swaps = Vec::new();
    for number in 1..=SWAPS {
        let file = directory.path().join("plugins/plugin.wasm");
        let swap = match guests::SWAP_PYTHON {
            Some(python) if number == PYTHON_SWAP => {
                let version = guests::SWAP_PYTHON_VERSION.to_owned();
                run.swap(number, version, Step::File(&file, &fs::read(python)?)).await?
            }
            Some(_) if number == PYTHON_SWAP + 1 => {
                let version = swap_version(1_000 + PYTHON_SWAP - 1);
                run.swap(number, version, Step::RollBack(&hookyard)).await?
            }
            _ => {
                let wasm = swap_of(&rust, 0, 1_000 + number);
                run.swap(number, swap_version(1_000 + number), Step::File(&file, &wasm)).await?
            }
        };
        println!("{swap}");
        swaps.push(swap);
        if number != PYTHON_SWAP {
            run.serve(SERVES).await;
        }
    }
    run.finish().await;
    let events = hookyard.events().await?;
    report::print(&run.sent, &swaps, per_second);
    println!("failures {}, events {events} of {} webhooks answered", run.failures.len(), run.sent.len());
    run.failures.iter().take(10).for_each(|failure| println!("  {failure}"));
    ensure!(run.failures.is_empty(), "{} webhooks failed", run.failures.len());
    ensure!(events == run.sent.len() as u64, "{} webhooks have {events} events", run.sent.len());
    for swap in &swaps {
        let in_flight = swap.in_flight(&run.sent);
        ensure!(in_flight >= IN_FLIGHT_MIN, "swap {}: only {in_flight} in flight", swap.number);
    }
    Ok(())
}

/// What makes a plugin swap.
enum Step<'a> {
    /// This file has this content from now on.
    File(&'a Path, &'a [u8]),
    /// The operator goes back to the version before.
    RollBack(&'a Server),
}

impl Run {
    /// Swaps and waits for the first answer of the version that is to serve then.
    async fn swap(&mut self, number: u16, version: String, step: Step<'_>) -> anyhow::Result<Swap> {
        let (copied, at_copy) = (now(), self.load.in_flight());
        match step {
            // In turn as `cp` does it, into the file that is there, and as a careful tool does it.
            Step::File(file, wasm) if number.is_multiple_of(2) => fs::write(file, wasm)?,
            Step::File(file, wasm) => {
                let beside = file.with_extension("new");
                fs::write(&beside, wasm)?;
                fs::rename(&beside, file)?;
            }
            Step::RollBack(host) => host.post("/v1/plugins/swap-guest-0000/rollback").await?,
        }
        let until = copied + SEEN_WITHIN;
        loop {
            let first = self.receive(until).await.with_context(|| format!("{version} did not serve in time"))?;
            if first.left >= copied && said(first).as_deref() == Some(&*version) {
                return Ok(Swap { number, version, copied, at_copy, first_seen: first.ended });
            }
            if self.failures.len() > 1_000 {
                bail!("too many webhooks fail: {}", self.failures[0]);
            }
        }
    }

    /// Lets the load go on for so long.
    async fn serve(&mut self, time: Duration) {
        let until = now() + time;
        while self.receive(until).await.is_some() {}
    }

    /// Waits for the answers to everything that has left.
    async fn finish(&mut self) {
        self.load.stop();
        while self.receive(now() + SEEN_WITHIN).await.is_some() {}
    }

    /// The next answer that comes before `until`.
    async fn receive(&mut self, until: Instant) -> Option<&Sent> {
        let sent = tokio::time::timeout_at(until.into(), self.load.answers.recv()).await.ok()??;
        match &sent.answer {
            Ok((status, _)) if *status == 200 => {}
            Ok((status, body)) => {
                self.failures.push(format!("{}: {status}: {}", sent.number, String::from_utf8_lossy(body)));
            }
            Err(error) => self.failures.push(format!("{}: {error:#}", sent.number)),
        }
        self.sent.push(sent);
        self.sent.last()
    }
}

/// The version that answered.
fn said(sent: &Sent) -> Option<String> {
    let (_, body) = sent.answer.as_ref().ok()?;
    Some(serde_json::from_slice::<Value>(body).ok()?["version"].as_str()?.to_owned())
}

/// A signed webhook with an id of its own.
fn webhook(number: u32) -> (String, HeaderMap, Bytes) {
    let header = |text: String| HeaderValue::from_str(&text).expect("visible ASCII");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("x-swap-signature", header(hmac_sha256_base64(SECRET, BODY)));
    headers.insert("x-swap-id", header(number.to_string()));
    ("/webhooks/swap".to_owned(), headers, Bytes::from_static(BODY))
}
