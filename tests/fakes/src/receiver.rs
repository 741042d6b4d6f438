//! A receiver of deliveries: it takes them, or fails in every way in which an endpoint can, and remembers what it got.

mod answer;
mod exchange;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use answer::Answer;

/// An endpoint on a port of its own, with as many paths as are asked for; it is gone when this is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// A delivery as it arrived.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The path.
    pub path: String,
    /// The method.
    pub method: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Delivered {
    /// A header's value, or the empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The event.
    ///
    /// # Panics
    /// The body is not JSON.
    pub fn event(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

#[derive(Debug)]
struct Shared {
    delivered: Mutex<Vec<Delivered>>,
    arrived: watch::Sender<usize>,
    /// What paths answer; the others answer 200.
    answers: Mutex<BTreeMap<String, Answer>>,
    /// What waits for it is let go when it moves.
    released: watch::Sender<u64>,
    /// Requests that are being answered.
    open: watch::Sender<usize>,
}

impl Receiver {
    /// Starts one that takes everything.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            delivered: Mutex::default(),
            arrived: watch::Sender::new(0),
            answers: Mutex::default(),
            released: watch::Sender::new(0),
            open: watch::Sender::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self { address, shared, serving }
    }

    /// The URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on this path answers like this.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), answer);
    }

    /// Lets those answers go that wait for it ([`Answer::Late`]) and whose requests have arrived.
    pub fn release(&self) {
        self.shared.released.send_modify(|released| *released += 1);
    }

    /// Everything so far, in the order in which it arrived.
    pub fn delivered(&self) -> Vec<Delivered> {
        self.shared.delivered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What arrived at this path.
    pub fn delivered_to(&self, path: &str) -> Vec<Delivered> {
        let mut delivered = self.delivered();
        delivered.retain(|delivered| delivered.path == path);
        delivered
    }

    /// How many requests have arrived.
    pub fn count(&self) -> usize {
        *self.shared.arrived.borrow()
    }

    /// Returns what arrived at this path, once it is so many requests.
    ///
    /// # Panics
    /// Never: the receiver lives as long as `self`.
    pub async fn until(&self, path: &str, times: usize) -> Vec<Delivered> {
        let so_many = |_: &usize| self.delivered_to(path).len() >= times;
        self.shared.arrived.subscribe().wait_for(so_many).await.expect("it lives");
        self.delivered_to(path)
    }

    /// Returns when no request is being answered, because all of them are, or because their sender has gone.
    ///
    /// # Panics
    /// Never: the receiver lives as long as `self`.
    pub async fn until_idle(&self) {
        self.shared.open.subscribe().wait_for(|open| *open == 0).await.expect("it lives");
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(connection(stream, Arc::clone(&shared))); }
                Err(_) => return,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection to its end; what goes wrong there is the sender's to see.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| exchange::answer(request, Arc::clone(&shared)));
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

#[cfg(test)]
mod tests;
