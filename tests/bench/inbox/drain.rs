//! A backlog that is due, and the webhooks of another connection meanwhile.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use hdrhistogram::Histogram;
use hookyard_tests::sign::hmac_sha256_base64;
use http::{HeaderMap, HeaderValue};

use super::super::open_loop::{Load, now};
use super::super::process::Server;
use super::super::webhooks::{SECRET, body};
use super::backlog::{self, Due};
use super::{LOOK_EVERY, config, host};

/// Webhooks of the other connection, each second.
const PER_SECOND: u32 = 100;
/// How long the other connection is measured by itself.
const ALONE: Duration = Duration::from_secs(5);
/// Longest that a backlog may take to drain.
const DRAINED_WITHIN: Duration = Duration::from_secs(30 * 60);

/// What one round showed.
pub(crate) struct Round {
    pub(crate) per_second: f64,
    pub(crate) cpu_us: f64,
    pub(crate) beside: Histogram<u64>,
    pub(crate) alone: Histogram<u64>,
}

/// Drains a backlog of this size. All of it, and every webhook of the other connection, has to become an event.
pub(crate) async fn round(pending: u32) -> anyhow::Result<Round> {
    let directory = host().await?;
    backlog::fill(directory.path(), pending, Due::Now).await?;
    let host = Server::hookyard_in(directory.path(), &config()).await?;
    let (begin, cpu_before) = (now(), host.cpu_seconds()?);
    let first = load(&host, "beside");
    while host.pending("shop").await? > 0 {
        ensure!(begin.elapsed() < DRAINED_WITHIN, "the backlog does not drain");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let (seconds, cpu) = (begin.elapsed().as_secs_f64(), host.cpu_seconds()? - cpu_before);
    let beside = latencies(first).await?;
    let alone = load(&host, "alone");
    tokio::time::sleep(ALONE).await;
    let alone = latencies(alone).await?;
    let (events, expected) = (host.events().await?, u64::from(pending) + beside.len() + alone.len());
    ensure!(events == expected, "{events} events, not {expected}");
    host.end().await?;
    let per_second = f64::from(pending) / seconds;
    // The webhooks of the other connection are in it, about as many in each round.
    Ok(Round { per_second, cpu_us: cpu * 1e6 / f64::from(pending), beside, alone })
}

fn load(host: &Server, name: &'static str) -> Load {
    let make = move |number: u32| {
        let body = body(&format!("{name}-{number}"), &format!("s-{name}-{number}"));
        let signature = hmac_sha256_base64(SECRET, body.as_bytes());
        let signature = HeaderValue::from_str(&signature).expect("base64 is visible ASCII");
        let headers = HeaderMap::from_iter([
            (http::header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (http::HeaderName::from_static("aftership-hmac-sha256"), signature),
        ]);
        ("/webhooks/other".to_owned(), headers, body.into())
    };
    Load::start(host.address, PER_SECOND, Arc::new(make))
}

/// Stops the load. Every webhook must have been answered 200. In microseconds from when each was due.
async fn latencies(mut load: Load) -> anyhow::Result<Histogram<u64>> {
    load.stop();
    let mut latencies = Histogram::new(3)?;
    while let Some(sent) = load.answers.recv().await {
        let (status, body) = sent.answer?;
        ensure!(status == 200, "the host answered {status}: {}", String::from_utf8_lossy(&body));
        latencies.record(u64::try_from((sent.ended - sent.due).as_micros())?)?;
    }
    Ok(latencies)
}
