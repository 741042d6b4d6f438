//! Short words for kept webhooks.

use std::time::Duration;

use hookyard_domain::clock::{Clock as _, Timestamp};
use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxEntry, Known, Next, Place, Reason, Source, Standing, WebhookState};
use hookyard_domain::webhook::KeptWebhook;

use super::world::{World, id, mark, noon};

/// The webhook at this place, whose id follows from it.
pub(crate) fn webhook(connection: &str, place: u64) -> KeptWebhook {
    KeptWebhook {
        id: webhook_id(place),
        connection: id(connection),
        place: Place(place),
        source: Source::Provider,
        received_at: noon(),
        remote_address: None,
        traceparent: None,
        method: "POST".to_owned(),
        path: String::new(),
        query: String::new(),
        headers: Vec::new(),
        sensitive_headers: Vec::new(),
        body: Vec::new().into(),
        dedupe: None,
        fresh: false,
        order_key: None,
        verified_by: "hmac".to_owned(),
    }
}

/// The same with a dedupe key, whose mark has this number.
pub(crate) fn marked(connection: &str, place: u64, number: u8) -> KeptWebhook {
    KeptWebhook { dedupe: Some((number.to_string(), mark(number))), ..webhook(connection, place) }
}

pub(crate) fn webhook_id(place: u64) -> WebhookId {
    WebhookId::from_bytes(u128::from(place).to_be_bytes())
}

/// A standing in a state, reached at noon.
pub(crate) fn standing(state: WebhookState) -> Standing {
    let next = (state == WebhookState::Pending).then_some(Next::At(noon()));
    Standing { state, next, ..Standing::handled_at_once(noon()) }
}

pub(crate) fn pending() -> Standing {
    standing(WebhookState::Pending)
}

pub(crate) fn failed() -> Standing {
    let error = Some(Reason { code: "busy".to_owned(), message: "it is busy".to_owned() });
    Standing { error, ..standing(WebhookState::Failed) }
}

pub(crate) fn handled() -> Standing {
    standing(WebhookState::Handled)
}

pub(crate) fn keep(webhook: KeptWebhook, standing: Standing) -> Write {
    Write::Keep { webhook: Box::new(webhook), standing: Box::new(standing) }
}

pub(crate) fn settle(place: u64, standing: Standing) -> Write {
    Write::Settle { id: webhook_id(place), standing: Box::new(standing) }
}

pub(crate) fn webhook_at(place: u64, version: u32) -> Guard {
    Guard::WebhookAt { id: webhook_id(place), version }
}

/// A pending webhook of `shop` at this place.
pub(crate) fn keep_at(place: u64) -> Write {
    keep(webhook("shop", place), pending())
}

pub(crate) fn at(millis: u64) -> Timestamp {
    noon().after(Duration::from_millis(millis))
}

impl World {
    pub(crate) async fn webhook(&self, place: u64) -> Option<InboxEntry> {
        self.store.webhook(webhook_id(place)).await.expect("reads")
    }

    /// The state and the version of the webhook at a place.
    pub(crate) async fn stands(&self, place: u64) -> Option<(WebhookState, u32)> {
        self.webhook(place).await.map(|entry| (entry.standing.state, entry.version))
    }

    pub(crate) async fn known(&self, number: u8) -> Known {
        self.store.known(mark(number), self.clock.now()).await.expect("reads")
    }
}
