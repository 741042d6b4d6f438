//! Providers: each sends one webhook after the other, and repeats it until it is acknowledged.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::random::Random;
use super::webhook::{Count, HANDLED, RECEIPT};
use crate::host::SECRET;
use crate::http::{Reply, send_over};
use crate::sign;

/// How many send at a time.
const PROVIDERS: u64 = 24;
/// Keys of a provider whose webhooks have an order.
const ORDERED_KEYS: usize = 3;
/// How long one waits before it repeats a webhook.
const REPEAT_AFTER: Duration = Duration::from_millis(10);
/// Of a key that is busy, so many more webhooks are sent while the same host runs: one that waits in vain for hours must not get an
/// endless queue behind it.
const KEPT_OF_A_BUSY_KEY_MAX: u32 = 2;

/// Who sends, until they are told to stop.
#[derive(Debug)]
pub(super) struct Providers {
    traffic: Arc<Traffic>,
    host: watch::Sender<Option<SocketAddr>>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<anyhow::Result<()>>>,
}

/// What has gone over the wire.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Requests that were sent and have no answer yet.
    in_flight: AtomicUsize,
    /// Answers.
    answered: AtomicUsize,
    /// Requests whose connection broke before there was an answer.
    cut_off: AtomicUsize,
    /// Webhooks that were sent again although they had been acknowledged.
    repeated: AtomicUsize,
    acknowledged: Mutex<Vec<(&'static str, Count)>>,
    /// Something of the above has changed.
    changed: Notify,
}

impl Traffic {
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    pub(super) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    pub(super) fn cut_off(&self) -> usize {
        self.cut_off.load(Ordering::SeqCst)
    }

    pub(super) fn repeated(&self) -> usize {
        self.repeated.load(Ordering::SeqCst)
    }

    /// Waits until this is so.
    pub(super) async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let mut changed = pin!(self.changed.notified());
        loop {
            changed.as_mut().enable();
            if is_so(self) {
                return;
            }
            changed.as_mut().await;
            changed.set(self.changed.notified());
        }
    }

    /// Everything that was acknowledged, with its connection.
    pub(super) fn acknowledged(&self) -> Vec<(&'static str, Count)> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn acknowledge(&self, connection: &'static str, count: Count) {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push((connection, count));
    }
}

impl Providers {
    /// Has them begin as soon as there is a host.
    pub(super) fn start(seed: u64) -> Self {
        let traffic = Arc::new(Traffic::default());
        let (host, hosts) = watch::channel(None);
        let (stop, stopped) = watch::channel(false);
        let tasks = (0..PROVIDERS).map(|number| {
            let provider = Provider {
                number,
                random: Random::new(seed, number),
                numbers: vec![0; ORDERED_KEYS + 2],
                kept: vec![0; ORDERED_KEYS],
                acknowledged: Vec::new(),
                traffic: Arc::clone(&traffic),
                host: hosts.clone(),
                stopped: stopped.clone(),
            };
            tokio::spawn(provider.run())
        });
        let tasks = tasks.collect();
        Self { traffic, host, stop, tasks }
    }

    /// Where the host listens now; `None`: nowhere.
    pub(super) fn host_is_at(&self, address: Option<SocketAddr>) {
        self.host.send_replace(address);
    }

    pub(super) fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// An error that has ended one of them.
    pub(super) async fn failed(&mut self) -> anyhow::Result<()> {
        let Some(ended) = self.tasks.iter().position(JoinHandle::is_finished) else { return Ok(()) };
        self.tasks.swap_remove(ended).await?
    }

    /// Lets each have its last webhook acknowledged. There must be a host.
    pub(super) async fn finish(self) -> anyhow::Result<Arc<Traffic>> {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await??;
        }
        Ok(self.traffic)
    }
}

struct Provider {
    number: u64,
    random: Random,
    /// The newest number of each key: those with an order, the one on receipt, the one without an order.
    numbers: Vec<u64>,
    /// How many webhooks of each key with an order the present host has kept instead of handling them.
    kept: Vec<u32>,
    /// What may be sent again.
    acknowledged: Vec<(&'static str, Bytes)>,
    traffic: Arc<Traffic>,
    host: watch::Receiver<Option<SocketAddr>>,
    stopped: watch::Receiver<bool>,
}

impl Provider {
    async fn run(mut self) -> anyhow::Result<()> {
        while !*self.stopped.borrow() {
            if !self.acknowledged.is_empty() && self.random.percent(8) {
                let (connection, body) = self.acknowledged[self.random.below(self.acknowledged.len())].clone();
                self.until_acknowledged(connection, &body).await?;
                self.traffic.repeated.fetch_add(1, Ordering::SeqCst);
            }
            let (place, connection, count) = self.next();
            let body = count.body();
            let status = self.until_acknowledged(connection, &body).await?;
            if let Some(kept) = self.kept.get_mut(place).filter(|_| status == 202) {
                *kept += 1;
            }
            self.acknowledged.push((connection, body));
            self.traffic.acknowledge(connection, count);
        }
        Ok(())
    }

    /// The next webhook, and the place of its key.
    fn next(&mut self) -> (usize, &'static str, Count) {
        let (receipt, free) = (ORDERED_KEYS, ORDERED_KEYS + 1);
        let place = match self.random.below(100) {
            0..12 => receipt,
            12..40 => free,
            _ => self.random.below(ORDERED_KEYS),
        };
        let is_busy = self.kept.get(place).is_some_and(|kept| *kept >= KEPT_OF_A_BUSY_KEY_MAX);
        let place = if is_busy { free } else { place };
        self.numbers[place] += 1;
        let (key, number) = (format!("{}-{place}", self.number), self.numbers[place]);
        if place == free {
            return (place, HANDLED, Count::of_its_own(&key, number, &self.random));
        }
        let connection = if place == receipt { RECEIPT } else { HANDLED };
        (place, connection, Count::in_order(&key, number, &self.random))
    }

    /// Sends it, and again, whatever happens to the host, until it is acknowledged. The status with which it was.
    async fn until_acknowledged(&mut self, connection: &str, body: &Bytes) -> anyhow::Result<u16> {
        loop {
            if let Some(reply) = self.send(connection, body).await? {
                match reply.status() {
                    status @ 200..=299 => return Ok(status),
                    503 => {}
                    status => anyhow::bail!("a webhook was answered {status}: {}", reply.text()),
                }
            }
            tokio::time::sleep(REPEAT_AFTER).await;
        }
    }

    /// Sends it once, as soon as there is a host. `None`: there is no answer.
    async fn send(&mut self, connection: &str, body: &Bytes) -> anyhow::Result<Option<Reply>> {
        if self.host.has_changed()? {
            self.kept.fill(0);
        }
        let address = self.host.wait_for(Option::is_some).await?.ok_or_else(|| anyhow::anyhow!("there is a host"))?;
        let Ok(stream) = TcpStream::connect(address).await else { return Ok(None) };
        let request = Request::post(format!("/webhooks/{connection}"))
            .header("host", address.to_string())
            .header("content-type", "application/json")
            .header("x-tally-signature", sign::hmac_sha256_base64(SECRET, body))
            .body(Full::new(body.clone()))?;
        self.traffic.in_flight.fetch_add(1, Ordering::SeqCst);
        self.traffic.changed.notify_waiters();
        let reply = send_over(stream, request).await;
        let counter = if reply.is_ok() { &self.traffic.answered } else { &self.traffic.cut_off };
        counter.fetch_add(1, Ordering::SeqCst);
        self.traffic.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.traffic.changed.notify_waiters();
        Ok(reply.ok())
    }
}
