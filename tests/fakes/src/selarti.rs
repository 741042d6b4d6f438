//! A fake Selarti: where messages are sent, where a key becomes a token, its AI, and its webhooks in the shapes that are possible.
//!
//! How Selarti's own send-message call looks is not public. This one asks for what it is told to ask for, so that a test says which of the
//! possible Selartis it means; what is known of the webhooks' fields stands at <https://manual.selarti.com>.

mod ai;
mod auth;
mod serve;
mod style;
mod webhook;

#[cfg(test)]
mod tests;

pub use crate::courier::Attempt;
pub use crate::fault::Fault;
pub use ai::Sent;
pub use auth::Auth;
pub use serve::Names;
pub use style::{Booleans, Contacts, Encoding, Style, Types, Wrapper};

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::courier::{Courier, Patience};
use crate::provider::Received;
use crate::traffic::Traffic;
use crate::{listen, locked};
use ai::Ai;
use auth::Tokens;

/// The task that the webhooks name, unless another is set.
pub const TASK: &str = "1732603656932x383344135484473340";

/// Where a key becomes a token.
const AUTH_PATH: &str = "/api/1.1/wf/auth";
/// Where messages are sent, unless it is set otherwise.
const SEND_PATH: &str = "/api/1.1/wf/send_message";
/// How long the answer to a webhook is waited for. Nobody says what Selarti does.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Before another attempt, where there is one. Nobody says whether Selarti makes any.
const PAUSE: Duration = Duration::from_secs(1);

/// A Selarti with one task, on a port of its own; it is gone when this is dropped.
#[derive(Debug)]
pub struct Fake {
    address: SocketAddr,
    state: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    traffic: Traffic,
    courier: Arc<Courier>,
    tokens: Mutex<Tokens>,
    ai: Mutex<Ai>,
    style: Mutex<Style>,
    /// Where messages are sent, and what their fields are called.
    send_path: Mutex<String>,
    names: Mutex<Names>,
    /// Counts what was sent.
    changes: watch::Sender<usize>,
}

impl Fake {
    /// Starts one that wants a token for its key and answers every message with `AI: ` and its text.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start() -> Self {
        let patience = Patience { attempts: 1, answer_within: ANSWER_WITHIN, pause: PAUSE, counter: None };
        let state = Arc::new(Shared {
            traffic: Traffic::default(),
            courier: Courier::new(patience),
            tokens: Mutex::new(Tokens::new("sel_test_0c6f2e91d7")),
            ai: Mutex::default(),
            style: Mutex::default(),
            send_path: Mutex::new(SEND_PATH.to_owned()),
            names: Mutex::default(),
            changes: watch::Sender::new(0),
        });
        let (address, serving) = listen::serve(serve::router(Arc::clone(&state))).await;
        Self { address, state, serving }
    }

    /// Its URL, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where messages are sent.
    pub fn send_url(&self) -> String {
        format!("{}{}", self.base_url(), locked(&self.state.send_path))
    }

    /// From now on messages are sent there: `/v2/messages`.
    pub fn send_at(&self, path: &str) {
        path.clone_into(&mut locked(&self.state.send_path));
    }

    /// Where a key becomes a token.
    pub fn auth_url(&self) -> String {
        format!("{}{AUTH_PATH}", self.base_url())
    }

    /// The key.
    pub fn key(&self) -> String {
        locked(&self.state.tokens).key.clone()
    }

    /// What a message needs from now on. Without this call a token that the key was exchanged for.
    pub fn wants(&self, auth: Auth) {
        locked(&self.state.tokens).wants = auth;
    }

    /// From now on no token that was given so far is accepted.
    pub fn expire_tokens(&self) {
        locked(&self.state.tokens).expire();
    }

    /// How often a key became a token.
    pub fn exchanges(&self) -> usize {
        locked(&self.state.tokens).exchanges()
    }

    /// What the fields of a message are called from now on.
    pub fn reads(&self, names: Names) {
        *locked(&self.state.names) = names;
    }

    /// Every request so far, in the order of their arrival, refused ones included.
    pub fn requests(&self) -> Vec<Received> {
        self.state.traffic.requests()
    }

    /// Returns once so many requests have arrived.
    pub async fn asked(&self, times: usize) {
        self.state.traffic.asked(times).await;
    }

    /// The next requests, as many as `times`, meet this fault. Faults wait for each other in the order of these calls.
    pub fn fail(&self, fault: Fault, times: u32) {
        self.state.traffic.fail("", fault, times);
    }

    /// No fault that has not happened yet will.
    pub fn forgive(&self) {
        self.state.traffic.forgive();
    }

    /// The same for requests whose method and path begin like this: `POST /api/1.1/wf/auth`.
    pub fn fail_on(&self, only: &str, fault: Fault, times: u32) {
        self.state.traffic.fail(only, fault, times);
    }

    /// The same for messages.
    pub fn fail_sends(&self, fault: Fault, times: u32) {
        self.state.traffic.fail(&format!("POST {}", locked(&self.state.send_path)), fault, times);
    }

    /// The same where a key becomes a token.
    pub fn fail_exchanges(&self, fault: Fault, times: u32) {
        self.state.traffic.fail(&format!("POST {AUTH_PATH}"), fault, times);
    }

    /// The messages that were accepted, in their order.
    pub fn sent(&self) -> Vec<Sent> {
        locked(&self.state.ai).sent().to_vec()
    }

    /// Returns once so many messages were accepted.
    ///
    /// # Panics
    /// Never: the fake lives as long as `self`.
    pub async fn was_sent(&self, times: usize) -> Vec<Sent> {
        let mut changes = self.state.changes.subscribe();
        loop {
            let sent = self.sent();
            if sent.len() >= times {
                return sent;
            }
            changes.changed().await.expect("it lives");
        }
    }

    /// Ids that are given from now on belong to this series. A host outlives its providers here, and takes what has an id that it knows for
    /// a repeat: what starts them again for the same host gives each time another series, below 2^44.
    pub fn begin_series(&self, series: u64) {
        locked(&self.state.ai).begin_series(series);
    }

    /// How the AI answers from now on.
    pub fn answers(&self, rule: impl Fn(&str) -> String + Send + 'static) {
        locked(&self.state.ai).answers(rule);
    }

    /// A message with this word has the dialogue handed over to an operator. The AI says so, and nothing more in this dialogue.
    pub fn hands_over_at(&self, word: &str) {
        locked(&self.state.ai).hands_over_at(word);
    }

    /// An operator writes in Selarti; the body of the webhook that says so.
    pub fn operator_says(&self, chat: &str, text: &str) -> Bytes {
        self.state.tell(chat, Some(("operator", text)))
    }

    /// One of the flags `close`, `get_contact`, `interest`, `is_bot`, `operator`, `success` changes; the body of the webhook without a
    /// text that says so.
    pub fn flag(&self, chat: &str, name: &'static str, value: bool) -> Bytes {
        locked(&self.state.ai).dialogue(chat).set(name, value);
        self.state.tell(chat, None)
    }

    /// What a webhook of this message by this author would be; nobody is told.
    pub fn webhook(&self, chat: &str, author: &'static str, text: &str) -> Value {
        self.state.fields(chat, Some((author, text)))
    }

    /// How webhooks look from now on.
    pub fn style(&self, change: impl FnOnce(&mut Style)) {
        change(&mut locked(&self.state.style));
    }

    /// Where webhooks go from now on, the token of the URL included; those on their way follow. Without this call there are none.
    ///
    /// # Panics
    /// `url` does not begin with `http://ADDRESS:PORT/`.
    pub fn deliver_to(&self, url: &str) {
        self.state.courier.deliver_to(url);
    }

    /// How often a webhook is tried that is not accepted. Without this call once: nobody knows whether Selarti tries again.
    pub fn attempts_of_each(&self, attempts: u32) {
        self.state.courier.change(|patience| patience.attempts = attempts);
    }

    /// How long such a webhook waits for its next attempt, unless [`deliver_to`](Self::deliver_to) names another URL meanwhile.
    pub fn pause_between_attempts(&self, pause: Duration) {
        self.state.courier.change(|patience| patience.pause = pause);
    }

    /// Every attempt to deliver a webhook so far.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.state.courier.attempts()
    }

    /// Returns once every webhook so far is accepted or given up.
    pub async fn until_delivered(&self) {
        self.state.courier.until_idle().await;
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
        self.state.courier.stop();
    }
}
