//! Webhooks on their way: in order for each conversation, again where they were not accepted.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use http_body_util::Full;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::http::{Reply, send};
use crate::locked;

/// Where webhooks go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    path_and_query: String,
}

/// A webhook.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One attempt to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How many came before it: what a header such as `X-Retry-Count` says.
    pub retry: u32,
    /// How it was answered; `None` where no answer came in time.
    pub status: Option<u16>,
    /// The body.
    pub body: Bytes,
}

impl Attempt {
    /// Whether it needs no other.
    pub fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// How patiently webhooks are delivered.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    /// Attempts, the first included.
    pub(crate) attempts: u32,
    /// How long an answer is waited for.
    pub(crate) answer_within: Duration,
    /// Before another attempt, where no other URL is set meanwhile.
    pub(crate) pause: Duration,
    /// The header that says which repeat it is.
    pub(crate) counter: Option<&'static str>,
}

/// Delivers webhooks as long as it lives.
#[derive(Debug)]
pub(crate) struct Courier {
    patience: Mutex<Patience>,
    target: watch::Sender<Option<Target>>,
    queues: Mutex<BTreeMap<String, mpsc::UnboundedSender<Parcel>>>,
    tasks: Mutex<JoinSet<()>>,
    attempts: Mutex<Vec<Attempt>>,
    /// How many webhooks are neither accepted nor given up.
    open: watch::Sender<usize>,
}

impl Target {
    /// `http://ADDRESS:PORT/…`.
    pub(crate) fn new(url: &str) -> Self {
        let uri: Uri = url.parse().expect("a URL");
        let address = uri.authority().and_then(|authority| authority.as_str().parse().ok());
        let path_and_query = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Self { address: address.expect("an address and a port"), path_and_query }
    }

    /// Sends it once.
    pub(crate) async fn post(&self, parcel: &Parcel) -> anyhow::Result<Reply> {
        let mut request = Request::post(&self.path_and_query).header("host", self.address.to_string());
        if let Some(headers) = request.headers_mut() {
            headers.extend(parcel.headers.clone());
        }
        send(self.address, request.body(Full::new(parcel.body.clone()))?).await
    }
}

impl Parcel {
    /// The same with this header, in place of what stood there.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("what a fake says is ASCII");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }
}

impl Courier {
    pub(crate) fn new(patience: Patience) -> Arc<Self> {
        Arc::new(Self {
            patience: Mutex::new(patience),
            target: watch::Sender::new(None),
            queues: Mutex::default(),
            tasks: Mutex::default(),
            attempts: Mutex::default(),
            open: watch::Sender::new(0),
        })
    }

    /// From now on webhooks go there; so do further attempts of those that are on their way.
    pub(crate) fn deliver_to(&self, url: &str) {
        self.target.send_replace(Some(Target::new(url)));
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Patience)) {
        change(&mut locked(&self.patience));
    }

    /// Puts a webhook behind those of the same conversation. Without a URL it goes nowhere.
    pub(crate) fn send(self: &Arc<Self>, conversation: &str, parcel: Parcel) {
        if self.target.borrow().is_none() {
            return;
        }
        self.open.send_modify(|open| *open += 1);
        let mut queues = locked(&self.queues);
        let queue = queues.entry(conversation.to_owned()).or_insert_with(|| {
            let (queue, mut parcels) = mpsc::unbounded_channel();
            let courier = Arc::clone(self);
            locked(&self.tasks).spawn(async move {
                while let Some(parcel) = parcels.recv().await {
                    courier.deliver(parcel).await;
                    courier.open.send_modify(|open| *open -= 1);
                }
            });
            queue
        });
        queue.send(parcel).expect("a queue ends with the fake");
    }

    async fn deliver(&self, mut parcel: Parcel) {
        let mut target = self.target.subscribe();
        let Patience { attempts, answer_within, pause, counter } = locked(&self.patience).clone();
        for retry in 0..attempts {
            if retry > 0 {
                tokio::select! { () = tokio::time::sleep(pause) => {}, _ = target.changed() => {} }
            }
            let Some(to) = target.borrow_and_update().clone() else { return };
            if let Some(counter) = counter {
                parcel = parcel.with(counter, &retry.to_string());
            }
            let answer = tokio::time::timeout(answer_within, to.post(&parcel)).await;
            let status = answer.ok().and_then(Result::ok).map(|reply| reply.status());
            let attempt = Attempt { retry, status, body: parcel.body.clone() };
            let is_accepted = attempt.is_accepted();
            locked(&self.attempts).push(attempt);
            if is_accepted {
                return;
            }
        }
    }

    /// All attempts, in the order in which they ended.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        locked(&self.attempts).clone()
    }

    /// Returns once every webhook so far is accepted or given up.
    pub(crate) async fn until_idle(&self) {
        self.open.subscribe().wait_for(|open| *open == 0).await.expect("it lives");
    }

    /// Nothing is delivered any more.
    pub(crate) fn stop(&self) {
        locked(&self.tasks).abort_all();
    }
}
