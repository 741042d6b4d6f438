//! How many deliveries wait or were given up, and how far subscriptions are behind.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::DeliveryDepth;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::snapshot::whole;
use crate::dispatcher::Status;

/// How far a subscription is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lag {
    subscription: SubscriptionId,
    /// Events of the log, matching or not, that its cursor has not passed.
    events: u64,
    is_paused: bool,
}

impl Lag {
    /// By how it stands; `newest` is the offset of the newest event.
    pub(crate) fn of(status: &Status, newest: Offset) -> Self {
        let position = &status.position;
        let events = newest.0.saturating_sub(position.cursor.0);
        Self { subscription: position.subscription.clone(), events, is_paused: position.paused.is_some() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    subscription: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SubscriptionLabel {
    subscription: String,
}

impl SubscriptionLabel {
    fn new(id: &SubscriptionId) -> Self {
        Self { subscription: id.to_string() }
    }
}

/// Registers what the store has.
pub(super) fn register_depths(registry: &mut Registry, depths: &[DeliveryDepth], now: Timestamp) {
    let deliveries = Family::<StateLabels, Gauge>::default();
    let ages = Family::<SubscriptionLabel, Gauge<f64, AtomicU64>>::default();
    for depth in depths {
        for (state, count) in [("pending", depth.pending), ("exhausted", depth.exhausted)] {
            let labels = StateLabels { subscription: depth.subscription.to_string(), state };
            deliveries.get_or_create(&labels).set(whole(count));
        }
        if let Some(oldest) = depth.oldest_pending {
            let millis = now.as_millis().saturating_sub(oldest.as_millis()).max(0);
            let age = Duration::from_millis(millis.unsigned_abs()).as_secs_f64();
            ages.get_or_create(&SubscriptionLabel::new(&depth.subscription)).set(age);
        }
    }
    registry.register("deliveries", "Deliveries that wait to be tried again, or were given up, by state", deliveries);
    let help = "How long ago the oldest pending delivery became so";
    registry.register_with_unit("deliveries_oldest_pending_age", help, Unit::Seconds, ages);
}

/// Registers what the dispatcher says.
pub(super) fn register_lags(registry: &mut Registry, lags: &[Lag]) {
    let events = Family::<SubscriptionLabel, Gauge>::default();
    let paused = Family::<SubscriptionLabel, Gauge>::default();
    for lag in lags {
        events.get_or_create(&SubscriptionLabel::new(&lag.subscription)).set(whole(lag.events));
        paused.get_or_create(&SubscriptionLabel::new(&lag.subscription)).set(lag.is_paused.into());
    }
    let help = "Events of the log that the cursor of a subscription has not passed, matching or not";
    registry.register("subscription_lag_events", help, events);
    registry.register("subscription_paused", "1: nothing is delivered until it is resumed", paused);
}

#[cfg(test)]
mod tests {
    use hookyard_domain::subscription::Position;
    use prometheus_client::encoding::text::encode_registry;

    use super::*;

    #[test]
    fn what_waits_and_how_far_behind_it_is_can_be_read() {
        let subscription: SubscriptionId = "crm".parse().expect("valid");
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let depth = DeliveryDepth {
            subscription: subscription.clone(),
            pending: 3,
            exhausted: 1,
            oldest_pending: Some(at(40)),
        };
        let position = Position { subscription, cursor: Offset(5), replays: 0, failing_since: None, paused: None };
        let status = Status { position, pending: 3, in_flight: 0, last_delivered_at: None, last_error: None };
        let mut registry = Registry::with_prefix("hookyard");
        register_depths(&mut registry, &[depth], at(100));
        register_lags(&mut registry, &[Lag::of(&status, Offset(12))]);
        let mut text = String::new();
        encode_registry(&mut text, &registry).expect("can be written");
        for line in [
            "hookyard_deliveries{subscription=\"crm\",state=\"pending\"} 3",
            "hookyard_deliveries{subscription=\"crm\",state=\"exhausted\"} 1",
            "hookyard_deliveries_oldest_pending_age_seconds{subscription=\"crm\"} 60.0",
            "hookyard_subscription_lag_events{subscription=\"crm\"} 7",
            "hookyard_subscription_paused{subscription=\"crm\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }
}
