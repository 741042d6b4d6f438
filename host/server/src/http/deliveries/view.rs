//! A delivery on the wire.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{Attempt, Delivery, DeliveryState};
use hookyard_domain::id::{DeliveryId, EventId, SubscriptionId};
use hookyard_domain::inbox::{Next, Reason};
use serde::Serialize;

/// A delivery as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct DeliveryView {
    id: DeliveryId,
    subscription: SubscriptionId,
    event: EventId,
    #[serde(rename = "type")]
    event_type: String,
    offset: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    state: DeliveryState,
    /// Attempts that have ended, since the event was read or somebody wanted it tried again.
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
    /// Whether it waits until the connection of its action is activated: the provider had refused the credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    awaits_activation: Option<bool>,
    /// Since when it is in this state.
    since: Timestamp,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason>,
    /// The last attempts, oldest first.
    history: Vec<Attempt>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let error = delivery.standing.error().cloned();
        let standing = delivery.standing;
        let next_attempt_at = match standing.next {
            Some(Next::At(at)) => Some(at),
            Some(Next::Activation) | None => None,
        };
        Self {
            id: delivery.id,
            subscription: delivery.subscription,
            event: delivery.event,
            event_type: delivery.event_type,
            offset: delivery.offset.to_string(),
            subject: delivery.subject,
            state: standing.state,
            attempts: standing.attempts,
            next_attempt_at,
            awaits_activation: (standing.next == Some(Next::Activation)).then_some(true),
            since: standing.since,
            error,
            history: standing.history,
        }
    }
}

#[cfg(test)]
mod tests {
    use hookyard_domain::delivery::{AttemptOutcome, DeliveryStanding};
    use hookyard_domain::event::Offset;
    use serde_json::{Value, json};

    use super::*;

    fn view(outcome: &AttemptOutcome) -> Value {
        let at = Timestamp::from_millis;
        let delivery = Delivery {
            id: DeliveryId::from_bytes([1; 16]),
            subscription: "crm".parse().expect("a name"),
            offset: Offset(17),
            event: EventId::from_bytes([2; 16]),
            event_type: "aftership.shipment.updated".to_owned(),
            subject: None,
            standing: DeliveryStanding::new(at(0), 0).after(outcome, at(0), at(120), 0),
        };
        serde_json::to_value(DeliveryView::from(delivery)).expect("JSON")
    }

    fn reason() -> Reason {
        Reason { code: "http-500".to_owned(), message: "it answered 500".to_owned() }
    }

    #[test]
    fn a_pending_one_says_when_it_is_tried_again_and_why() {
        let view = view(&AttemptOutcome::Failed { status: Some(500), reason: reason(), retry_after: None });
        assert_eq!((&view["state"], &view["attempts"], &view["offset"]), (&json!("pending"), &json!(1), &json!("17")));
        assert_eq!(view["error"], json!({ "code": "http-500", "message": "it answered 500" }));
        assert!(view["next_attempt_at"].is_string() && view.get("awaits_activation").is_none());
        let first = &view["history"][0];
        assert_eq!(
            (&first["took_ms"], &first["status"], &first["error"]["code"]),
            (&json!(120), &json!(500), &json!("http-500"))
        );
    }

    #[test]
    fn one_that_waits_for_credentials_has_no_time_but_says_so() {
        let view = view(&AttemptOutcome::Unauthorized(reason()));
        assert_eq!(view["awaits_activation"], true);
        assert!(view.get("next_attempt_at").is_none());
    }

    #[test]
    fn one_that_was_delivered_after_all_has_no_error() {
        let view = view(&AttemptOutcome::Delivered { status: 204 });
        assert_eq!((&view["state"], &view["history"][0]["status"]), (&json!("delivered"), &json!(204)));
        assert!(view.get("error").is_none() && view["history"][0].get("error").is_none());
    }
}
