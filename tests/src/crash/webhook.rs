//! The webhooks of the crash test, for the guest `tally`.

use bytes::Bytes;
use serde::Serialize;

use super::random::Random;

/// The connection that acknowledges after handling.
pub(super) const HANDLED: &str = "handled";
/// The one that acknowledges on receipt.
pub(super) const RECEIPT: &str = "receipt";

/// What the guest is to count.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Count {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    pub(super) hot: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timer: Option<Later>,
}

#[derive(Debug, Clone, Serialize)]
struct Trouble {
    kind: &'static str,
    runs: usize,
}

#[derive(Debug, Clone, Serialize)]
struct Later {
    seconds: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
}

/// What is tried again by itself. What is given up would free its order key, and come late.
const PASSING: [&str; 3] = ["unavailable", "unauthorized", "trap"];
/// What can happen to a webhook without an order key.
const ANY: [&str; 5] = ["unavailable", "unauthorized", "trap", "failed", "status"];

impl Count {
    /// The next webhook of a key whose webhooks have an order.
    pub(super) fn in_order(key: &str, number: u64, random: &Random) -> Self {
        let trouble = random.percent(6).then(|| Trouble::some(&PASSING, random));
        Self { order: Some(key.to_owned()), ..Self::new(key, number, trouble, random) }
    }

    /// The next webhook of one whose webhooks have none.
    pub(super) fn of_its_own(key: &str, number: u64, random: &Random) -> Self {
        let trouble = random.percent(15).then(|| Trouble::some(&ANY, random));
        Self { hot: random.percent(10), ..Self::new(key, number, trouble, random) }
    }

    fn new(key: &str, number: u64, trouble: Option<Trouble>, random: &Random) -> Self {
        let timer = random.percent(8).then(|| Later {
            seconds: 1 + random.below(10),
            trouble: random.percent(30).then(|| Trouble::some(&PASSING, random)),
        });
        Self { id: format!("{key}/{number}"), key: key.to_owned(), number, order: None, hot: false, trouble, timer }
    }

    /// Whether its webhooks come in order.
    pub(super) fn has_order(&self) -> bool {
        self.order.is_some()
    }

    /// Whether a timer was started.
    pub(super) fn has_timer(&self) -> bool {
        self.timer.is_some()
    }

    /// The body.
    pub(super) fn body(&self) -> Bytes {
        serde_json::to_vec(self).expect("text and numbers are JSON").into()
    }
}

impl Trouble {
    fn some(kinds: &[&'static str], random: &Random) -> Self {
        Self { kind: random.one_of(kinds), runs: 1 + random.below(2) }
    }
}
