//! What a fake provider was asked, and which of the requests meet a fault.

use std::sync::Mutex;

use axum::extract::Request;
use http_body_util::BodyExt as _;
use tokio::sync::watch;

use crate::fault::{Fault, Faults};
use crate::locked;
use crate::provider::Received;

/// Every request so far.
#[derive(Debug)]
pub(crate) struct Traffic {
    requests: Mutex<Vec<Received>>,
    /// How many requests arrived.
    arrived: watch::Sender<usize>,
    faults: Mutex<Faults>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self { requests: Mutex::default(), arrived: watch::Sender::new(0), faults: Mutex::default() }
    }
}

impl Traffic {
    /// Remembers a request; what it meets. `None` where it does not come to its end.
    pub(crate) async fn take(&self, request: Request) -> Option<(Received, Option<Fault>)> {
        let (parts, body) = request.into_parts();
        let received = Received {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: body.collect().await.ok()?.to_bytes(),
        };
        locked(&self.requests).push(received.clone());
        self.arrived.send_modify(|arrived| *arrived += 1);
        let fault = locked(&self.faults).next(&received.method, &received.path);
        Some((received, fault))
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        locked(&self.requests).clone()
    }

    pub(crate) async fn asked(&self, times: usize) {
        self.arrived.subscribe().wait_for(|arrived| *arrived >= times).await.expect("it lives");
    }

    pub(crate) fn fail(&self, only: &str, fault: Fault, times: u32) {
        locked(&self.faults).push(only, fault, times);
    }

    pub(crate) fn forgive(&self) {
        locked(&self.faults).clear();
    }
}
