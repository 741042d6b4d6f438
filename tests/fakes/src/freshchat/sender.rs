//! Freshchat's webhooks, sent by hand.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::key::Key;
use crate::courier::{Parcel, Target};
use crate::http::Reply;

/// The version of the payload; how Freshchat counts it is not documented.
const PAYLOAD_VERSION: &str = "v2";

/// Sends webhooks to one URL.
#[derive(Clone)]
pub struct Sender {
    target: Target,
    key: Arc<Key>,
}

/// What stands in `X-Freshchat-Signature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// As documented.
    Right,
    /// Of another body.
    Wrong,
    /// The right one without its last bytes: too short for the key.
    Short,
    /// The right bytes, in hexadecimal digits.
    Hex,
    /// No base64 at all.
    NotBase64,
    /// Nothing.
    Empty,
    /// No such header.
    None,
}

impl Sender {
    pub(super) fn new(url: &str, key: Arc<Key>) -> Self {
        Self { target: Target::new(url), key }
    }

    /// Sends it once.
    ///
    /// # Panics
    /// No HTTP answer comes back.
    pub async fn send(&self, body: &[u8], signature: Signature) -> Reply {
        self.post(body, signature, 0).await
    }

    /// Sends the very same webhook several times, one after the other, as if no answer had been heard.
    pub async fn repeat(&self, body: &[u8], times: u32) -> Vec<Reply> {
        let mut replies = Vec::new();
        for retry in 0..times {
            replies.push(self.post(body, Signature::Right, retry).await);
        }
        replies
    }

    /// Sends the last one first.
    pub async fn reordered(&self, bodies: &[Bytes]) -> Vec<Reply> {
        let mut replies = Vec::new();
        for body in bodies.iter().rev() {
            replies.push(self.send(body, Signature::Right).await);
        }
        replies
    }

    async fn post(&self, body: &[u8], signature: Signature, retry: u32) -> Reply {
        let mut parcel = parcel(&self.key, body).with("x-retry-count", &retry.to_string());
        match spelled(&self.key, body, signature) {
            Some(signature) => parcel = parcel.with("x-freshchat-signature", &signature),
            None => drop(parcel.headers.remove("x-freshchat-signature")),
        }
        self.target.post(&parcel).await.expect("the host answers")
    }
}

/// A signed webhook.
pub(super) fn parcel(key: &Key, body: &[u8]) -> Parcel {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("x-freshchat-payload-version", HeaderValue::from_static(PAYLOAD_VERSION));
    Parcel { headers, body: Bytes::copy_from_slice(body) }.with("x-freshchat-signature", &key.sign(body))
}

fn spelled(key: &Key, body: &[u8], signature: Signature) -> Option<String> {
    let right = || STANDARD.decode(key.sign(body)).expect("it was encoded just now");
    Some(match signature {
        Signature::Right => key.sign(body),
        Signature::Wrong => key.sign(b"another body"),
        Signature::Short => STANDARD.encode(&right()[..250]),
        Signature::Hex => right().iter().map(|byte| format!("{byte:02x}")).collect(),
        Signature::NotBase64 => "%%% no base64 %%%".to_owned(),
        Signature::Empty => String::new(),
        Signature::None => return None,
    })
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("target", &self.target).finish_non_exhaustive()
    }
}
