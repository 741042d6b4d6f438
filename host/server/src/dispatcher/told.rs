//! What the host tells of deliveries, as events.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{MarkKey, Write};
use hookyard_domain::delivery::Delivery;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::event::{Event, EventOrigin};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::subscription::{Endpoint, Paused, Subscription};
use serde_json::json;

use crate::host_event::host_event;

/// The kind of the event that tells of a delivery that was given up.
const EXHAUSTED: &str = "delivery.exhausted";

/// An event of the host with a mark, so that a commit that is repeated tells it once.
#[derive(Debug, Clone)]
pub(super) struct Told {
    event: Box<Event>,
    mark: MarkKey,
}

impl Told {
    /// What a commit writes for it.
    pub(super) fn append(&self) -> Write {
        Write::Append { event: self.event.clone(), dedupe: Some(self.mark) }
    }
}

/// That a delivery was given up; `None`, where what was given up tells the same of another one. Otherwise several subscriptions that
/// give up everything would tell each other of it, more of them each time.
pub(super) fn exhausted(
    delivery: &Delivery,
    event: Option<&Event>,
    now: Timestamp,
    entropy: &dyn Entropy,
    key: &HashKey,
) -> Option<Told> {
    if event.is_some_and(|event| event.origin == EventOrigin::Host && event.kind == EXHAUSTED) {
        tracing::warn!(subscription = %delivery.subscription, delivery = %delivery.id, "exhausted; no event tells of it");
        return None;
    }
    // Actions that are run because of it are steps of the same way.
    let hops = event.map_or(0, |event| event.hops);
    let error = delivery.standing.error();
    let data = json!({
        "delivery": delivery.id,
        "subscription": delivery.subscription,
        "event": delivery.event,
        "type": delivery.event_type,
        "attempts": delivery.standing.attempts,
        "code": error.map(|error| error.code.as_str()),
        "message": error.map(|error| error.message.as_str()),
    });
    let mut told = host_event(EXHAUSTED, delivery.subscription.to_string(), &data, now, entropy);
    told.hops = hops.saturating_add(1);
    let run = [delivery.standing.replay.to_be_bytes(), delivery.standing.retries.to_be_bytes()].concat();
    let mark = MarkKey(key.hash16(&[EXHAUSTED.as_bytes(), &delivery.id.to_bytes(), &run]));
    Some(Told { event: Box::new(told), mark })
}

/// That nothing more is delivered, because the endpoint fails or is gone.
pub(super) fn paused(
    subscription: &Subscription,
    paused: &Paused,
    made_at: Timestamp,
    entropy: &dyn Entropy,
    key: &HashKey,
) -> Told {
    let Paused { since, reason } = paused;
    let (id, code, message) = (&subscription.id, &reason.code, &reason.message);
    let data = match &subscription.endpoint {
        Endpoint::Url(url) => {
            json!({ "subscription": id, "url": url.without_query(), "since": since, "code": code, "message": message })
        }
        Endpoint::Action(action) => json!({
            "subscription": id,
            "connection": action.connection,
            "action": action.action,
            "since": since,
            "code": code,
            "message": message,
        }),
    };
    let event = host_event("endpoint.paused", id.to_string(), &data, *since, entropy);
    let times = [made_at.as_millis().to_be_bytes(), since.as_millis().to_be_bytes()].concat();
    Told { event: Box::new(event), mark: MarkKey(key.hash16(&[b"endpoint.paused", id.as_str().as_bytes(), &times])) }
}
