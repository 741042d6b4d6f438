//! The endpoint that outlives the hosts of a crash test: it takes deliveries, refuses some of them at first, and remembers in which
//! order it took them. Actions tell it that they run.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Takes every event, in any order.
pub(super) const EACH: &str = "/each";
/// Takes the events that have an order.
pub(super) const IN_ORDER: &str = "/in-order";
/// Below this, actions say that they run, and for which event.
pub(super) const RUNS: &str = "/runs/";

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Received>>,
    serving: JoinHandle<()>,
}

/// What has come in.
#[derive(Debug, Default, Clone)]
pub(super) struct Received {
    /// Deliveries that were taken, in this order, however often.
    pub(super) taken: Vec<Taken>,
    /// How often an action has run for an event.
    pub(super) runs: BTreeMap<String, usize>,
    /// Deliveries that were refused or got no answer.
    pub(super) refused: usize,
    /// Attempts of each delivery, by its path and `webhook-id`.
    attempts: BTreeMap<(&'static str, String), usize>,
}

/// One delivery that was taken.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// Where.
    pub(super) path: &'static str,
    /// Its `webhook-id`.
    pub(super) id: String,
    pub(super) body: Bytes,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Status(u16),
    /// The receiver is overloaded, and says for how long.
    Later,
    /// The connection ends instead.
    None,
}

impl Receiver {
    /// Begins on a port of its own.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, received) = (listener.local_addr()?, Arc::default());
        let serving = tokio::spawn(serve(listener, Arc::clone(&received)));
        Ok(Self { address, received, serving })
    }

    /// What its URLs begin with.
    pub(super) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything so far.
    pub(super) fn received(&self) -> Received {
        lock(&self.received).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(received: &Mutex<Received>) -> MutexGuard<'_, Received> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, received: Arc<Mutex<Received>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&received)))),
                Err(_) => return,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection to its end; hosts that are killed cut many of them off.
async fn connection(stream: TcpStream, received: Arc<Mutex<Received>>) {
    let service = service_fn(|request| answer(request, &received));
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn answer(request: Request<Incoming>, received: &Mutex<Received>) -> anyhow::Result<Response<Empty<Bytes>>> {
    let (head, body) = request.into_parts();
    // What does not arrive as a whole has not arrived.
    let body = body.collect().await?.to_bytes();
    let id = head.headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let response = Response::builder();
    let response = match lock(received).take(head.uri.path(), id, body) {
        Answer::Status(status) => response.status(status),
        Answer::Later => response.status(StatusCode::SERVICE_UNAVAILABLE).header("retry-after", "2"),
        Answer::None => anyhow::bail!("this one gets no answer"),
    };
    response.body(Empty::new()).context("a status and a header make an answer")
}

impl Received {
    fn take(&mut self, path: &str, id: &str, body: Bytes) -> Answer {
        if let Some(event) = path.strip_prefix(RUNS) {
            *self.runs.entry(event.to_owned()).or_default() += 1;
            return Answer::Status(204);
        }
        let Some(path) = [EACH, IN_ORDER].into_iter().find(|known| *known == path) else { return Answer::Status(404) };
        let attempts = self.attempts.entry((path, id.to_owned())).or_default();
        *attempts += 1;
        let answer = trouble(path, id, *attempts).unwrap_or(Answer::Status(204));
        if answer == Answer::Status(204) {
            self.taken.push(Taken { path, id: id.to_owned(), body });
        } else {
            self.refused += 1;
        }
        answer
    }
}

/// How the `attempt`-th attempt fails, if it does: about one delivery in eight does so once or twice.
fn trouble(path: &str, id: &str, attempt: usize) -> Option<Answer> {
    // FNV-1a: ids differ in their last characters, and so does what becomes of them.
    let hash = path
        .bytes()
        .chain(id.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let (answer, times) = match (hash >> 32) % 100 {
        0..4 => (Answer::Status(500), 1),
        4..7 => (Answer::Status(500), 2),
        7..8 => (Answer::Later, 1),
        8..12 => (Answer::None, 1),
        _ => return None,
    };
    (attempt <= times).then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_refused_at_first_and_all_are_taken_in_the_end() {
        let mut received = Received::default();
        for number in 0..1_000 {
            let id = format!("evt_{number}");
            let attempts = (0..5).position(|_| received.take(EACH, &id, Bytes::new()) == Answer::Status(204));
            assert!(attempts.is_some_and(|attempts| attempts <= 2), "{id}");
        }
        assert_eq!(received.taken.len(), 1_000);
        assert!((60..250).contains(&received.refused), "{}", received.refused);
    }

    #[test]
    fn what_is_taken_again_is_remembered_again() {
        let mut received = Received::default();
        for _ in 0..5 {
            received.take(IN_ORDER, "evt_1", Bytes::new());
            received.take("/runs/evt_1", "", Bytes::new());
        }
        assert!(received.taken.len() >= 3 && received.taken.iter().all(|taken| taken.path == IN_ORDER));
        assert_eq!(received.runs["evt_1"], 5);
        assert_eq!(received.take("/elsewhere", "", Bytes::new()), Answer::Status(404));
    }
}
