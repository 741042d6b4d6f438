//! A fake Telegram: the method `sendMessage` of its Bot API for one bot, and the webhooks of what people write to that bot.
//!
//! It behaves as <https://core.telegram.org/bots/api> says ("Making requests", "Update", `setWebhook`, `sendMessage`), and where that is
//! silent as Telegram's own Bot API server does, <https://github.com/tdlib/telegram-bot-api>: updates of one chat come one after the
//! other (`WebhookActor.cpp`), and whoever is too fast hears it twice, in `parameters.retry_after` and in `Retry-After`
//! (`HttpConnection.cpp`).

mod chat;
mod serve;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hookyard_domain::clock::{Clock, ManualClock};
use http::{HeaderMap, HeaderValue};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::courier::{Attempt, Courier, Parcel, Patience};
use crate::fault::Fault;
use crate::provider::Received;
use crate::traffic::Traffic;
use crate::{START, listen, locked};
use chat::Chats;

/// The bot's token, in the form in which Telegram gives it; it stands in the path of every request.
const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
/// What `setWebhook` was called with as `secret_token`: 1 to 256 letters, digits, `_` and `-`.
const SECRET: &str = "tg-hook_5d1c7e2b";
/// Attempts of one webhook, the first included: "a reasonable amount" is all that is said.
const ATTEMPTS_MAX: u32 = 6;
/// How long the answer to a webhook is waited for. Nobody says what Telegram does.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Before another attempt, the first time.
const PAUSE: Duration = Duration::from_secs(1);

/// A Telegram with one bot, on a port of its own; it is gone when this is dropped.
#[derive(Debug)]
pub struct Telegram {
    address: SocketAddr,
    state: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    clock: Mutex<Arc<dyn Clock>>,
    token: Mutex<String>,
    traffic: Traffic,
    courier: Arc<Courier>,
    chats: Mutex<Chats>,
    /// Counts what the bot said.
    changes: watch::Sender<usize>,
}

impl Telegram {
    /// Starts one. Its clock stands at [`START`], where that of every test host begins.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start() -> Self {
        let patience = Patience { attempts: ATTEMPTS_MAX, answer_within: ANSWER_WITHIN, pause: PAUSE, counter: None };
        let state = Arc::new(Shared {
            clock: Mutex::new(Arc::new(ManualClock::at(START))),
            token: Mutex::new(TOKEN.to_owned()),
            traffic: Traffic::default(),
            courier: Courier::new(patience),
            chats: Mutex::default(),
            changes: watch::Sender::new(0),
        });
        let (address, serving) = listen::serve(serve::router(Arc::clone(&state))).await;
        Self { address, state, serving }
    }

    /// Its URL, without a slash at the end: what stands before `/bot<token>/sendMessage`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token that the API accepts, without the `bot` before it.
    pub fn token(&self) -> String {
        locked(&self.state.token).clone()
    }

    /// From now on the API accepts this token and no other.
    pub fn change_token(&self, token: &str) {
        token.clone_into(&mut locked(&self.state.token));
    }

    /// What every webhook has in `X-Telegram-Bot-Api-Secret-Token`.
    pub fn secret(&self) -> String {
        SECRET.to_owned()
    }

    /// Ids that are given from now on belong to this series. A host outlives its providers here, and takes what has an id that it knows for
    /// a repeat: what starts them again for the same host gives each time another series, below 2^44.
    pub fn begin_series(&self, series: u64) {
        locked(&self.state.chats).begin_series(series);
    }

    /// Goes by this clock instead of its own.
    pub fn use_clock(&self, clock: Arc<dyn Clock>) {
        *locked(&self.state.clock) = clock;
    }

    /// Every request to the API so far, in the order of their arrival, refused ones included.
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

    /// Where webhooks go from now on; those on their way follow. Without this call there are none.
    ///
    /// # Panics
    /// `url` does not begin with `http://ADDRESS:PORT/`.
    pub fn deliver_to(&self, url: &str) {
        self.state.courier.deliver_to(url);
    }

    /// How long a webhook that was not accepted waits for its next attempt, unless [`deliver_to`](Self::deliver_to) names another URL
    /// meanwhile. Without this call a second.
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

    /// Somebody writes to the bot in the chat of this id, which begins with it; the body of the webhook that says so.
    pub fn person_says(&self, chat: i64, text: &str) -> Bytes {
        self.person_sends(chat, &[("text", json!(text))])
    }

    /// The same with anything in place of a text: `[("sticker", {…})]`.
    pub fn person_sends(&self, chat: i64, content: &[(&str, serde_json::Value)]) -> Bytes {
        let now = locked(&self.state.clock).now();
        let body = Bytes::from(locked(&self.state.chats).written(chat, now, content).to_string());
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("accept-encoding", HeaderValue::from_static("gzip, deflate"));
        headers.insert("x-telegram-bot-api-secret-token", HeaderValue::from_static(SECRET));
        self.state.courier.send(&chat.to_string(), Parcel { headers, body: body.clone() });
        body
    }

    /// From now on this person wants to hear nothing of the bot.
    pub fn blocks(&self, chat: i64) {
        locked(&self.state.chats).block(chat);
    }

    /// What the bot said in a chat, in its order.
    pub fn texts(&self, chat: i64) -> Vec<String> {
        locked(&self.state.chats).said(chat)
    }

    /// The same for every chat in which it said something.
    pub fn all_texts(&self) -> BTreeMap<i64, Vec<String>> {
        locked(&self.state.chats).all_said()
    }

    /// Returns once this holds of what the bot said.
    ///
    /// # Panics
    /// Never: the fake lives as long as `self`.
    pub async fn until(&self, mut holds: impl FnMut(&Self) -> bool) {
        let mut changes = self.state.changes.subscribe();
        while !holds(self) {
            changes.changed().await.expect("it lives");
        }
    }
}

impl Drop for Telegram {
    fn drop(&mut self) {
        self.serving.abort();
        self.state.courier.stop();
    }
}
