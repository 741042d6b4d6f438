//! A fake AfterShip: its Tracking API in every version, its rate limit, its webhooks, and what goes wrong with it.
//!
//! It behaves as AfterShip's documentation says and keeps what it was told, so that a test asserts on what became of it and
//! not on a list of expected calls.

mod account;
mod answer;
mod fault;
mod rate;
mod rules;
mod sender;
mod serve;
mod version;

#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use sender::{Sender, Signature};

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hookyard_domain::clock::{Clock, ManualClock};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::provider::Received;
use crate::{START, listen, locked};
use account::Account;
use fault::Faults;
use rate::Bucket;

/// An AfterShip with one account, on a port of its own; it is gone when this is dropped.
#[derive(Debug)]
pub struct Fake {
    address: SocketAddr,
    state: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    api_key: String,
    clock: Mutex<Arc<dyn Clock>>,
    account: Mutex<Account>,
    faults: Mutex<Faults>,
    bucket: Mutex<Bucket>,
    requests: Mutex<Vec<Received>>,
    /// How many requests arrived.
    arrived: watch::Sender<usize>,
}

impl Fake {
    /// Starts one that accepts this key. Its clock stands at [`START`], where that of every test host begins.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start(api_key: &str) -> Self {
        let state = Arc::new(Shared {
            api_key: api_key.to_owned(),
            clock: Mutex::new(Arc::new(ManualClock::at(START))),
            account: Mutex::default(),
            faults: Mutex::default(),
            bucket: Mutex::default(),
            requests: Mutex::default(),
            arrived: watch::Sender::new(0),
        });
        let (address, serving) = listen::serve(serve::router(Arc::clone(&state))).await;
        Self { address, state, serving }
    }

    /// What belongs into `api_base`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every request to the API so far, in the order of their arrival, refused ones included.
    pub fn requests(&self) -> Vec<Received> {
        locked(&self.state.requests).clone()
    }

    /// Returns once so many requests have arrived.
    ///
    /// # Panics
    /// Never: the fake lives as long as `self`.
    pub async fn asked(&self, times: usize) {
        self.state.arrived.subscribe().wait_for(|arrived| *arrived >= times).await.expect("it lives");
    }

    /// The next requests, as many as `times`, meet this fault. Faults wait for each other in the order of these calls.
    pub fn fail(&self, fault: Fault, times: u32) {
        locked(&self.state.faults).push(None, fault, times);
    }

    /// The same for requests of one method only.
    pub fn fail_on(&self, method: &str, fault: Fault, times: u32) {
        locked(&self.state.faults).push(Some(method.to_owned()), fault, times);
    }

    /// From now on a second takes no more than so many requests. Without this call, the headers say 10 and nothing is refused.
    pub fn limit_rate(&self, per_second: u32) {
        locked(&self.state.bucket).limit(per_second);
    }

    /// Goes by this clock instead of its own.
    pub fn use_clock(&self, clock: Arc<dyn Clock>) {
        *locked(&self.state.clock) = clock;
    }

    /// Every tracking, as the API would return it.
    pub fn trackings(&self) -> Vec<Value> {
        locked(&self.state.account).all()
    }

    /// The id of the tracking that was created as the `place`th, counted from 0; waits until there is one.
    ///
    /// # Panics
    /// Never: the fake lives as long as `self`.
    pub async fn created(&self, place: usize) -> String {
        let mut created = locked(&self.state.account).created();
        created.wait_for(|created| created.len() > place).await.expect("it lives")[place].clone()
    }

    /// The courier has nothing more to say: the tracking is no longer active.
    ///
    /// # Panics
    /// There is no tracking of this id.
    pub fn expire(&self, id: &str) {
        let moved = locked(&self.state.account).change(id, &json!({ "active": false, "tag": "Expired" }));
        assert!(moved.is_some(), "there is no tracking {id}");
    }

    /// The shipment moves to `tag`; the body of the webhook that says so, of version "Legacy".
    ///
    /// # Panics
    /// There is no tracking of this id.
    pub fn update(&self, id: &str, tag: &str, first_tag: bool) -> Vec<u8> {
        let now = locked(&self.state.clock).now();
        let mut account = locked(&self.state.account);
        let msg = account.change(id, &json!({ "tag": tag, "subtag": format!("{tag}_001"), "subtag_message": tag }));
        let msg = msg.unwrap_or_else(|| panic!("there is no tracking {id}"));
        let event = json!({
            "event": "tracking_update",
            "event_id": account.next_event_id(now),
            "is_tracking_first_tag": first_tag,
            "msg": msg,
            "ts": now.as_seconds(),
        });
        event.to_string().into_bytes()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
