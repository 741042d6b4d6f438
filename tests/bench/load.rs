//! A closed-loop client: each connection sends the next webhook when it has the answer to the last one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use hookyard_tests::sign::hmac_sha256_base64;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::process::Server;

/// The webhook that is sent, each time of another shipment: those of one shipment are handled one after the other.
const BODY: &str = include_str!("../vectors/a1_tracking_update.json");
const EVENT_ID: &str = "3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41";
const SHIPMENT: &str = "wj5k2lq8m3x7plvb0t4ea01n";
/// The secret that both servers know.
pub(crate) const SECRET: &str = "whs_test_9b1f6c2e";

/// What one window showed.
pub(crate) struct Window {
    pub(crate) cpu_us: f64,
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// Sends `webhooks` different webhooks over `clients` connections.
pub(crate) async fn drive(server: &Server, webhooks: usize, clients: usize, window: &str) -> anyhow::Result<Window> {
    let requests: Arc<Vec<_>> = Arc::new((0..webhooks).map(|number| signed(window, number)).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let cpu_before = server.cpu_seconds()?;
    let start = now();
    let mut senders = JoinSet::new();
    for _ in 0..clients {
        senders.spawn(send_all(server.address, Arc::clone(&requests), Arc::clone(&next)));
    }
    let mut latencies = Histogram::<u64>::new(3)?;
    while let Some(sent) = senders.join_next().await {
        latencies.add(sent??)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (count, p50, p99) =
        (webhooks as f64, latencies.value_at_quantile(0.5) as f64, latencies.value_at_quantile(0.99) as f64);
    let cpu_us = (server.cpu_seconds()? - cpu_before) * 1e6 / count;
    Ok(Window { cpu_us, per_second: count / seconds, p50_us: p50, p99_us: p99 })
}

/// A body with ids of its own, and its signature.
fn signed(window: &str, number: usize) -> (Bytes, String) {
    let body = BODY.replace(EVENT_ID, &format!("{window}-{number}")).replace(SHIPMENT, &format!("s-{window}-{number}"));
    let signature = hmac_sha256_base64(SECRET, body.as_bytes());
    (body.into(), signature)
}

async fn send_all(
    address: std::net::SocketAddr,
    requests: Arc<Vec<(Bytes, String)>>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Histogram<u64>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let mut latencies = Histogram::new(3)?;
    while let Some((body, signature)) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let request = Request::post("/webhooks/shop")
            .header("host", address.to_string())
            .header("content-type", "application/json")
            .header("aftership-hmac-sha256", signature)
            .body(Full::new(body.clone()))?;
        let sent = now();
        let response = sender.send_request(request).await.context("sending")?;
        let status = response.status();
        response.into_body().collect().await?;
        latencies.record(u64::try_from(sent.elapsed().as_micros())?)?;
        ensure!(status == 200, "the server answered {status}");
    }
    drop(sender);
    driver.await??;
    Ok(latencies)
}

/// Benchmarks are what measures time.
fn now() -> Instant {
    Instant::now()
}
