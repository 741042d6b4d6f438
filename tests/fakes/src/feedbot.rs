//! A fake Feedbot: the queue that messages are put into, and what became of them, each on a port of its own as they are hosts of their own.
//!
//! How much of its documentation is to be taken at its word is not known (the name `ids:`, the comma behind the last id, whether an error
//! code is a number, and which status comes with it): [`Style`] says which of the possible Feedbots it is.

mod questions;
mod queue;
mod serve;
mod style;

#[cfg(test)]
mod tests;

pub use crate::fault::Fault;
pub use queue::Queued;
pub use style::{Codes, Style};

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::provider::Received;
use crate::traffic::Traffic;
use crate::{listen, locked};
use questions::Questions;
use queue::Queue;
use serve::Door;

/// What the header `auth` must be, until it is changed.
const TOKEN: &str = "fb-3f0c0c5e-7d2a-4b7e-9c55-0a1f0d9e8b21";

/// A Feedbot with one licence; it is gone when this is dropped.
#[derive(Debug)]
pub struct Fake {
    queue_address: SocketAddr,
    status_address: SocketAddr,
    state: Arc<Shared>,
    serving: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct Shared {
    traffic: Traffic,
    /// What the header `auth` must be.
    token: Mutex<String>,
    queue: Mutex<Queue>,
    style: Mutex<Style>,
    questions: Questions,
    /// Counts what was queued.
    changes: watch::Sender<usize>,
}

impl Fake {
    /// Starts one whose program is switched off: messages stay in the queue.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start() -> Self {
        let state = Arc::new(Shared {
            traffic: Traffic::default(),
            token: Mutex::new(TOKEN.to_owned()),
            queue: Mutex::default(),
            style: Mutex::default(),
            questions: Questions::default(),
            changes: watch::Sender::new(0),
        });
        let (queue_address, queue) = listen(&state, Door::Queue).await;
        let (status_address, status) = listen(&state, Door::Status).await;
        Self { queue_address, status_address, state, serving: [queue, status] }
    }

    /// Where messages are queued.
    pub fn send_url(&self) -> String {
        format!("http://{}", self.queue_address)
    }

    /// Where the status of one is asked for.
    pub fn status_url(&self) -> String {
        format!("http://{}", self.status_address)
    }

    /// What the header `auth` must be.
    pub fn token(&self) -> String {
        locked(&self.state.token).clone()
    }

    /// From now on it must be this.
    pub fn change_token(&self, token: &str) {
        token.clone_into(&mut locked(&self.state.token));
    }

    /// Ids that are given from now on belong to this series. A host outlives its providers here, and takes what has an id that it knows for
    /// a repeat: what starts them again for the same host gives each time another series, below 2^44.
    pub fn begin_series(&self, series: u64) {
        locked(&self.state.queue).begin_series(series);
    }

    /// Every request so far at both ports, in the order of their arrival, refused ones included.
    pub fn requests(&self) -> Vec<Received> {
        self.state.traffic.requests()
    }

    /// Returns once so many requests have arrived.
    pub async fn asked(&self, times: usize) {
        self.state.traffic.asked(times).await;
    }

    /// The next calls that queue messages, as many as `times`, meet this fault. Faults wait for each other in the order of these calls.
    pub fn fail_sends(&self, fault: Fault, times: u32) {
        self.state.traffic.fail("POST ", fault, times);
    }

    /// The same for questions what became of a message.
    pub fn fail_questions(&self, fault: Fault, times: u32) {
        self.state.traffic.fail("GET ", fault, times);
    }

    /// From now on no question is answered, until [`let_questions_go`](Self::let_questions_go).
    pub fn hold_questions(&self) {
        self.state.questions.hold(true);
    }

    /// Questions are answered again, those that wait as well.
    pub fn let_questions_go(&self) {
        self.state.questions.hold(false);
    }

    /// How many questions were under way at once, at most.
    pub fn most_questions_at_once(&self) -> usize {
        self.state.questions.most_at_once()
    }

    /// No fault that has not happened yet will.
    pub fn forgive(&self) {
        self.state.traffic.forgive();
    }

    /// How answers look from now on.
    pub fn style(&self, change: impl FnOnce(&mut Style)) {
        change(&mut locked(&self.state.style));
    }

    /// What is and was in the queue, in its order.
    pub fn queued(&self) -> Vec<Queued> {
        locked(&self.state.queue).all().to_vec()
    }

    /// Returns once so many messages were queued.
    ///
    /// # Panics
    /// Never: the fake lives as long as `self`.
    pub async fn was_queued(&self, messages: usize) -> Vec<Queued> {
        self.state.changes.subscribe().wait_for(|queued| *queued >= messages).await.expect("it lives");
        self.queued()
    }

    /// The program sends this message: its status is 1 from now on.
    pub fn sends(&self, id: &str) {
        locked(&self.state.queue).set(id, 1, None);
    }

    /// The program cannot send this message: its status is -1 from now on.
    pub fn cannot_send(&self, id: &str, reason: &str) {
        locked(&self.state.queue).set(id, -1, Some(reason));
    }

    /// This message has a status that is not documented.
    pub fn has_status(&self, id: &str, status: i64) {
        locked(&self.state.queue).set(id, status, None);
    }

    /// This message is not known any more.
    pub fn forgets(&self, id: &str) {
        locked(&self.state.queue).forget(id);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.iter().for_each(JoinHandle::abort);
    }
}

async fn listen(state: &Arc<Shared>, door: Door) -> (SocketAddr, JoinHandle<()>) {
    listen::serve(serve::router(Arc::clone(state), door)).await
}
