//! An open-loop client: requests leave at a constant rate, whatever becomes of those before, so that a server that stalls is not
//! asked less. Latency counts from when a request was due.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

/// Makes the request of this number: its path, headers and body.
pub(crate) type Make = dyn Fn(u32) -> (String, HeaderMap, Bytes) + Send + Sync;

/// What became of one request.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) number: u32,
    pub(crate) due: Instant,
    pub(crate) left: Instant,
    pub(crate) ended: Instant,
    /// Status and body.
    pub(crate) answer: anyhow::Result<(StatusCode, Bytes)>,
}

/// A load that goes on until it is stopped.
pub(crate) struct Load {
    stop: watch::Sender<bool>,
    in_flight: Arc<AtomicU64>,
    pub(crate) answers: mpsc::UnboundedReceiver<Sent>,
}

impl Load {
    /// Begins to send so many requests each second.
    pub(crate) fn start(address: SocketAddr, per_second: u32, make: Arc<Make>) -> Self {
        let (stop, stopping) = watch::channel(false);
        // Bounded by the rate and the length of the run.
        let (answers, received) = mpsc::unbounded_channel();
        let in_flight = Arc::new(AtomicU64::new(0));
        let client = Arc::new(Client { address, idle: Mutex::default(), make, in_flight: Arc::clone(&in_flight) });
        tokio::spawn(send(client, per_second, stopping, answers));
        Self { stop, in_flight, answers: received }
    }

    /// Requests that have no answer yet.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Sends nothing more; `answers` ends when everything is answered.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Sends what is due, and never skips: after a stall of this program all that was missed leaves at once.
async fn send(
    client: Arc<Client>,
    per_second: u32,
    stopping: watch::Receiver<bool>,
    answers: mpsc::UnboundedSender<Sent>,
) {
    let start = now();
    let mut number: u32 = 0;
    while !*stopping.borrow() {
        let due = start + Duration::from_secs(1).mul_f64(f64::from(number) / f64::from(per_second));
        tokio::time::sleep_until(due.into()).await;
        let (client, answers) = (Arc::clone(&client), answers.clone());
        client.in_flight.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let left = now();
            let answer = client.exchange(number).await;
            client.in_flight.fetch_sub(1, Ordering::Relaxed);
            // Nobody listens any more only when the run has failed already.
            drop(answers.send(Sent { number, due, left, ended: now(), answer }));
        });
        number += 1;
    }
}

struct Client {
    address: SocketAddr,
    /// Open connections that wait for a request.
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    make: Arc<Make>,
    in_flight: Arc<AtomicU64>,
}

impl Client {
    async fn exchange(&self, number: u32) -> anyhow::Result<(StatusCode, Bytes)> {
        let (path, headers, body) = (self.make)(number);
        let mut request = Request::post(path).header("host", self.address.to_string()).body(Full::new(body))?;
        request.headers_mut().extend(headers);
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(self.address).await?,
        };
        connection.ready().await.context("waiting for a connection")?;
        let response = connection.send_request(request).await.context("sending")?;
        let status = response.status();
        let body = response.into_body().collect().await.context("reading the answer")?.to_bytes();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok((status, body))
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.context("connecting")?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Benchmarks are what measures time.
pub(crate) fn now() -> Instant {
    Instant::now()
}
