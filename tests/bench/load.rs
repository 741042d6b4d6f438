//! A closed-loop client: each connection sends the next request when it has the answer to the last one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::process::Server;

/// One POST of JSON.
pub(crate) struct Job {
    pub(crate) path: &'static str,
    pub(crate) header: (&'static str, String),
    pub(crate) body: Bytes,
}

/// What one window showed.
pub(crate) struct Window {
    pub(crate) cpu_us: f64,
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// Does these jobs over `clients` connections. Each must be answered 200.
pub(crate) async fn drive(server: &Server, jobs: Vec<Job>, clients: usize) -> anyhow::Result<Window> {
    let (jobs, next) = (Arc::new(jobs), Arc::new(AtomicUsize::new(0)));
    let cpu_before = server.cpu_seconds()?;
    let start = now();
    let mut senders = JoinSet::new();
    for _ in 0..clients {
        senders.spawn(send_all(server.address, Arc::clone(&jobs), Arc::clone(&next)));
    }
    let mut latencies = Histogram::<u64>::new(3)?;
    while let Some(sent) = senders.join_next().await {
        latencies.add(sent??)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (count, p50, p99) =
        (jobs.len() as f64, latencies.value_at_quantile(0.5) as f64, latencies.value_at_quantile(0.99) as f64);
    let cpu_us = (server.cpu_seconds()? - cpu_before) * 1e6 / count;
    Ok(Window { cpu_us, per_second: count / seconds, p50_us: p50, p99_us: p99 })
}

async fn send_all(
    address: std::net::SocketAddr,
    jobs: Arc<Vec<Job>>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Histogram<u64>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let mut latencies = Histogram::new(3)?;
    while let Some(Job { path, header: (name, value), body }) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
        let request = Request::post(*path)
            .header("host", address.to_string())
            .header("content-type", "application/json")
            .header(*name, value)
            .body(Full::new(body.clone()))?;
        let sent = now();
        let response = sender.send_request(request).await.context("sending")?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        latencies.record(u64::try_from(sent.elapsed().as_micros())?)?;
        ensure!(status == 200, "the server answered {status}: {}", String::from_utf8_lossy(&body));
    }
    drop(sender);
    driver.await??;
    Ok(latencies)
}

/// Benchmarks are what measures time.
fn now() -> Instant {
    Instant::now()
}
