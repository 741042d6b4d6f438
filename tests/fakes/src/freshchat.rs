//! A fake Freshchat: its REST API v2, its signed webhooks, and what goes wrong with both.
//!
//! It behaves as far as Freshchat's behaviour is known and keeps what it was told, so that a test asserts on what became of it
//! and not on a list of expected calls. Customers and agents write through it, and what is done through the API comes back as webhooks, the
//! bot's own messages included. Sources: <https://developers.freshchat.com/api/>, and clients that are in use.

mod account;
mod conversation;
mod key;
mod pages;
mod sender;
mod serve;
mod webhook;

#[cfg(test)]
mod tests;

pub use crate::courier::Attempt;
pub use crate::fault::Fault;
pub use conversation::KnownBy;
pub use key::Spelling;
pub use sender::{Sender, Signature};

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hookyard_domain::clock::{Clock, ManualClock, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::courier::{Courier, Patience};
use crate::provider::Received;
use crate::traffic::Traffic;
use crate::{START, listen, locked};
use account::Account;
use key::Key;

/// The agent that a bot may speak as.
pub const BOT: &str = "a9e1c1de-0000-4d3e-9a11-31b7e5a1b0c2";
/// An agent who is a person.
pub const HUMAN: &str = "b7c2d3ef-0000-4d3e-9a11-31b7e5a1b0c3";
/// The account's App ID.
pub const APP: &str = "1d0c3f6a-7a51-4c57-8a7e-1f6b0d9a2c33";
/// The channel in which conversations begin; its other id is [`CHANNEL_DIGITS`].
pub const CHANNEL: &str = "c0a80f11-2b5e-4f9c-b6a1-2f2f6d1e5a90";
/// The same channel in digits.
pub const CHANNEL_DIGITS: &str = "551021";
/// A group; it stands on the last page. Others: `Équipe` (decomposed), `Financeiro`, `Twins` (twice), `support` and `Support`, `Team 01` and so on.
pub const GROUP: &str = "Mammut Bot Support team";

/// How long Freshchat waits for the answer to a webhook.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Attempts of one webhook, the first included.
const ATTEMPTS_MAX: u32 = 6;
/// Before another attempt. Nobody says what Freshchat does.
const PAUSE: Duration = Duration::from_secs(1);

/// A Freshchat with one account, on a port of its own; it is gone when this is dropped.
#[derive(Debug)]
pub struct Fake {
    address: SocketAddr,
    state: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    clock: Mutex<Arc<dyn Clock>>,
    account: Mutex<Account>,
    token: Mutex<String>,
    key: Arc<Key>,
    traffic: Traffic,
    courier: Arc<Courier>,
    webhooks: Mutex<Webhooks>,
    /// Counts everything that changes in the account.
    changes: watch::Sender<usize>,
}

/// Which webhooks there are.
#[derive(Debug)]
struct Webhooks {
    echo: bool,
    copies: usize,
}

impl Fake {
    /// Starts one. Its clock stands at [`START`], where that of every test host begins.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start() -> Self {
        let patience = Patience {
            attempts: ATTEMPTS_MAX,
            answer_within: ANSWER_WITHIN,
            pause: PAUSE,
            counter: Some("x-retry-count"),
        };
        let state = Arc::new(Shared {
            clock: Mutex::new(Arc::new(ManualClock::at(START))),
            account: Mutex::new(Account::new()),
            token: Mutex::new("eyJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6ImFnZW50OnJlYWQifQ.fresh_test_5d1c".to_owned()),
            key: Arc::new(Key::of_tests()),
            traffic: Traffic::default(),
            courier: Courier::new(patience),
            webhooks: Mutex::new(Webhooks { echo: true, copies: 1 }),
            changes: watch::Sender::new(0),
        });
        let (address, serving) = listen::serve(serve::router(Arc::clone(&state))).await;
        Self { address, state, serving }
    }

    /// What belongs into `api_base`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v2", self.address)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The token that the API accepts.
    pub fn token(&self) -> String {
        locked(&self.state.token).clone()
    }

    /// From now on the API accepts this token and no other.
    pub fn change_token(&self, token: &str) {
        token.clone_into(&mut locked(&self.state.token));
    }

    /// The public key of the webhooks as the settings page shows it: in one line, and named after a format that it does not have.
    pub fn public_key(&self) -> String {
        self.public_key_as(Spelling::AsShown)
    }

    /// The same key, written otherwise.
    pub fn public_key_as(&self, spelling: Spelling) -> String {
        self.state.key.public(spelling)
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

    /// No fault that has not happened yet will.
    pub fn forgive(&self) {
        self.state.traffic.forgive();
    }

    /// The same for requests whose method and path begin like this: `POST`, `GET /v2/groups`.
    pub fn fail_on(&self, only: &str, fault: Fault, times: u32) {
        self.state.traffic.fail(only, fault, times);
    }

    /// Ids that are given from now on belong to this series. A host outlives its providers here, and takes what has an id that it knows for
    /// a repeat: what starts them again for the same host gives each time another series, below 2^44.
    pub fn begin_series(&self, series: u64) {
        locked(&self.state.account).begin_series(series);
    }

    /// Goes by this clock instead of its own.
    pub fn use_clock(&self, clock: Arc<dyn Clock>) {
        *locked(&self.state.clock) = clock;
    }

    /// Returns once this holds of the account.
    ///
    /// # Panics
    /// Never: the fake lives as long as `self`.
    pub async fn until(&self, mut holds: impl FnMut(&Self) -> bool) {
        let mut changes = self.state.changes.subscribe();
        while !holds(self) {
            changes.changed().await.expect("it lives");
        }
    }

    /// Where webhooks go from now on; those on their way follow. Without this call there are none.
    ///
    /// # Panics
    /// `url` is not `http://ADDRESS:PORT/webhooks/CONNECTION`.
    pub fn deliver_to(&self, url: &str) {
        self.state.courier.deliver_to(url);
    }

    /// How long a webhook that was not accepted waits for its next attempt, unless [`deliver_to`](Self::deliver_to) names another URL
    /// meanwhile. Without this call a second.
    pub fn pause_between_attempts(&self, pause: Duration) {
        self.state.courier.change(|patience| patience.pause = pause);
    }

    /// How long an answer is waited for. Without this call 3 s.
    pub fn answer_within(&self, limit: Duration) {
        self.state.courier.change(|patience| patience.answer_within = limit);
    }

    /// Whether what is done through the API comes back as webhooks, the bot's own messages included. Without this call it does.
    pub fn echo_own_messages(&self, echo: bool) {
        locked(&self.state.webhooks).echo = echo;
    }

    /// From now on every webhook is sent so many times.
    pub fn copies(&self, copies: usize) {
        locked(&self.state.webhooks).copies = copies;
    }

    /// Every attempt to deliver a webhook so far.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.state.courier.attempts()
    }

    /// Returns once every webhook so far is accepted or given up.
    pub async fn until_delivered(&self) {
        self.state.courier.until_idle().await;
    }

    /// Sends webhooks by hand, signed with the account's key.
    ///
    /// # Panics
    /// `url` is not `http://ADDRESS:PORT/webhooks/CONNECTION`.
    pub fn sender(&self, url: &str) -> Sender {
        Sender::new(url, Arc::clone(&self.state.key))
    }

    /// A customer who was not here before opens a conversation in [`CHANNEL`]; its id.
    pub fn start_conversation(&self) -> String {
        self.start_conversation_in(CHANNEL, CHANNEL_DIGITS)
    }

    /// The same in another channel, by its two ids.
    pub fn start_conversation_in(&self, channel: &str, digits: &str) -> String {
        let now = self.state.now();
        locked(&self.state.account).start_conversation(channel, digits, now)
    }

    /// The conversation as the API would return it.
    ///
    /// # Panics
    /// There is no such conversation; so with all that take one.
    pub fn conversation(&self, id: &str) -> Value {
        locked(&self.state.account).conversation(id).shown()
    }

    /// The other id of a conversation: digits.
    pub fn digits_of(&self, conversation: &str) -> String {
        locked(&self.state.account).conversation(conversation).digits.clone()
    }

    /// The customer of a conversation.
    pub fn customer_of(&self, conversation: &str) -> String {
        locked(&self.state.account).conversation(conversation).user.clone()
    }

    /// From now on the API finds this conversation by one of its ids only.
    pub fn known_by(&self, conversation: &str, known_by: KnownBy) {
        locked(&self.state.account).conversation(conversation).known_by = known_by;
    }

    /// A customer gets this property.
    pub fn set_property(&self, user: &str, name: &str, value: &str) {
        locked(&self.state.account).set_property(user, name, value);
    }

    /// The customer writes; the body of the webhook that says so.
    pub fn customer_says(&self, conversation: &str, text: &str) -> Bytes {
        self.customer_sends(conversation, &json!([{ "text": { "content": text } }]))
    }

    /// The same with any parts.
    pub fn customer_sends(&self, conversation: &str, message_parts: &Value) -> Bytes {
        let user = self.customer_of(conversation);
        self.state
            .write(conversation, &json!({ "message_parts": message_parts, "actor_type": "user", "actor_id": user }))
    }

    /// An agent writes in Freshchat.
    pub fn agent_says(&self, conversation: &str, agent: &str, text: &str) -> Bytes {
        let parts = json!([{ "text": { "content": text } }]);
        self.state.write(conversation, &json!({ "message_parts": parts, "actor_type": "agent", "actor_id": agent }))
    }

    /// A person assigns the conversation to an agent, a group, or both; the body of the webhook that says so.
    pub fn assign(&self, conversation: &str, agent: Option<&str>, group: Option<&str>) -> Bytes {
        self.state.assign(conversation, ("agent", HUMAN), agent, group)
    }

    /// A person resolves it.
    pub fn resolve(&self, conversation: &str) -> Bytes {
        self.state.resolve(conversation, ("agent", HUMAN))
    }

    /// The customer opens it again.
    pub fn reopen(&self, conversation: &str) -> Bytes {
        let user = self.customer_of(conversation);
        self.state.reopen(conversation, ("user", &user))
    }

    /// What was posted to a conversation through the API, in its order.
    pub fn messages(&self, conversation: &str) -> Vec<Value> {
        locked(&self.state.account).conversation(conversation).posted()
    }

    /// The texts of [`messages`](Self::messages).
    pub fn texts(&self, conversation: &str) -> Vec<String> {
        let text = |message: &Value| {
            let parts = message["message_parts"].as_array().into_iter().flatten();
            parts.filter_map(|part| part["text"]["content"].as_str()).collect::<String>()
        };
        self.messages(conversation).iter().map(text).collect()
    }

    /// Adds a group; its id.
    pub fn add_group(&self, name: &str) -> String {
        locked(&self.state.account).add_group(name)
    }

    /// The id of the first group of this name.
    ///
    /// # Panics
    /// There is none.
    pub fn group(&self, name: &str) -> String {
        locked(&self.state.account).group(name).unwrap_or_else(|| panic!("there is no group {name}"))
    }

    /// Somebody deletes it.
    pub fn remove_group(&self, id: &str) {
        locked(&self.state.account).remove_group(id);
    }

    /// An agent is changed: `{"is_deactivated": true}`.
    pub fn change_agent(&self, id: &str, change: &Value) {
        locked(&self.state.account).change_agent(id, change);
    }

    /// From now on links to a next page are absolute and begin like this: `http://127.0.0.1:1`.
    pub fn links_begin_with(&self, origin: &str) {
        origin.clone_into(&mut locked(&self.state.account).links_begin_with);
    }
}

impl Shared {
    /// What its clock says; a little later at each call, as in life.
    fn now(&self) -> Timestamp {
        let now = locked(&self.clock).now();
        now.after(locked(&self.account).tick())
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
        self.state.courier.stop();
    }
}
