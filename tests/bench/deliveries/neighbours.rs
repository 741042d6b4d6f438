//! A hundred endpoints, one of which is dead: what the others feel of it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use hookyard_tests::sign::hmac_sha256_base64;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::super::open_loop::{Load, Sent, now};
use super::super::process::Server;
use super::super::webhooks::{SECRET, body};
use super::{host, range};

/// Endpoints, each of a subscription of its own that gets every event.
const ENDPOINTS: usize = 100;
/// Webhooks a second: each becomes a hundred deliveries.
const PER_SECOND: u32 = 5;
/// How long one window is.
const WINDOW: Duration = Duration::from_secs(20);
/// Windows of each kind; they alternate.
const WINDOWS: usize = 3;
/// Longest wait for what is on its way after a window.
const ARRIVED_WITHIN: Duration = Duration::from_secs(60);

/// Prints the table.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) async fn measure() -> anyhow::Result<()> {
    let (mut healthy, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..WINDOWS {
        healthy.push(window(false).await?);
        beside.push(window(true).await?);
    }
    println!(
        "{ENDPOINTS} endpoints, {PER_SECOND} webhooks/s, each delivered to all; from when the webhook was due to its arrival at\n\
         the {} endpoints that live; ms, medians of {WINDOWS} windows of {} s (min-max)",
        ENDPOINTS - 1,
        WINDOW.as_secs()
    );
    println!("{:>12} {:>22} {:>22} {:>22}", "", "p50", "p99", "max");
    for (name, windows) in [("none dead", &healthy), ("one dead", &beside)] {
        let column = |quantile| range(windows.iter().map(|window| millis(window, quantile)).collect(), 1);
        println!("{name:>12} {:>22} {:>22} {:>22}", column(0.5), column(0.99), column(1.0));
    }
    println!();
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn millis(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    latencies.value_at_quantile(quantile) as f64 / 1e3
}

/// When which webhook's event has arrived at endpoints that live.
struct Arrivals {
    all: Mutex<Vec<(u32, Instant)>>,
    count: watch::Sender<usize>,
}

/// The first endpoint is the dead one: its requests are never answered.
async fn window(one_is_dead: bool) -> anyhow::Result<Histogram<u64>> {
    let arrivals = Arc::new(Arrivals { all: Mutex::default(), count: watch::Sender::new(0) });
    let address = receive(Arc::clone(&arrivals), one_is_dead).await?;
    let directory = tempfile::tempdir()?;
    let host = host(&directory, &subscriptions(address)).await?;
    let mut load = load(&host);
    tokio::time::sleep(WINDOW).await;
    load.stop();
    let mut due = Vec::new();
    while let Some(Sent { number, due: at, answer, .. }) = load.answers.recv().await {
        let (status, body) = answer?;
        ensure!(status == 200, "the host answered {status}: {}", String::from_utf8_lossy(&body));
        due.push((number, at));
    }
    due.sort_unstable();
    let expected = due.len() * (ENDPOINTS - 1);
    let mut count = arrivals.count.subscribe();
    let all = tokio::time::timeout(ARRIVED_WITHIN, count.wait_for(|count| *count >= expected)).await;
    ensure!(all.is_ok(), "{} of {expected} deliveries have arrived", *arrivals.count.borrow());
    host.end().await?;
    let mut latencies = Histogram::new(3)?;
    for (number, at) in arrivals.all.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let (_, due) = due.get(usize::try_from(*number)?).context("an event of no webhook")?;
        latencies.record(u64::try_from((*at - *due).as_micros())?)?;
    }
    ensure!(latencies.len() == expected as u64, "{} deliveries have arrived, not {expected}", latencies.len());
    Ok(latencies)
}

fn subscriptions(address: SocketAddr) -> String {
    let subscription = |number| {
        format!(
            "[subscriptions.endpoint-{number}]\ntypes = [\"aftership.*\"]\n\
             endpoint = {{ url = \"http://{address}/{number}\" }}\n"
        )
    };
    (0..ENDPOINTS).map(subscription).collect()
}

fn load(host: &Server) -> Load {
    let make = |number: u32| {
        let body = body(&format!("n-{number}"), &format!("s-n-{number}"));
        let signature = hmac_sha256_base64(SECRET, body.as_bytes());
        let signature = HeaderValue::from_str(&signature).expect("base64 is visible ASCII");
        let headers = HeaderMap::from_iter([
            (http::header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (http::HeaderName::from_static("aftership-hmac-sha256"), signature),
        ]);
        ("/webhooks/shop".to_owned(), headers, body.into())
    };
    Load::start(host.address, PER_SECOND, Arc::new(make))
}

/// Serves all endpoints until this program ends.
async fn receive(arrivals: Arc<Arrivals>, one_is_dead: bool) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let arrivals = Arc::clone(&arrivals);
            tokio::spawn(async move {
                let service = service_fn(move |request| take(request, Arc::clone(&arrivals), one_is_dead));
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
            });
        }
    });
    Ok(address)
}

async fn take(
    request: Request<Incoming>,
    arrivals: Arc<Arrivals>,
    one_is_dead: bool,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let dead = one_is_dead && request.uri().path() == "/0";
    let first = request.uri().path() == "/0";
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if dead {
        std::future::pending::<()>().await;
    }
    // Without a dead one, the first is left out as well, so that both windows look at the same endpoints.
    if !first && let Some(number) = number(&body) {
        arrivals.all.lock().unwrap_or_else(PoisonError::into_inner).push((number, now()));
        arrivals.count.send_modify(|count| *count += 1);
    }
    Ok(Response::default())
}

/// Of the webhook that the event was made of: its shipment says it.
fn number(event: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(event).ok()?;
    let (_, rest) = text.split_once("\"s-n-")?;
    rest.split('"').next()?.parse().ok()
}
