//! An attempt at an action: the input that the flow makes of the event, under the delivery's key.

use hookyard_domain::delivery::{AttemptOutcome, Delivery, reason};
use hookyard_domain::limit;
use hookyard_domain::subscription::ActionEndpoint;
use tracing::Instrument as _;

use super::{Parts, text};
use crate::actions::{self, ActionCall, Caller};
use crate::subscriptions::active::Active;
use crate::tail::TailEvent;
use crate::telemetry::traceparent;

/// Tries once.
pub(super) async fn attempt(
    parts: &Parts,
    subscription: &Active,
    endpoint: &ActionEndpoint,
    event: &TailEvent,
    delivery: &Delivery,
) -> AttemptOutcome {
    let hops = event.logged.event.hops;
    if hops >= limit::HOPS_MAX {
        let message =
            format!("the event has come by way of {hops} actions that were run by deliveries: this is a loop");
        return AttemptOutcome::Never { status: None, reason: reason("loop", message) };
    }
    let input = match subscription.flow.input(text(event)) {
        Ok(input) => input,
        Err(reason) => return AttemptOutcome::Never { status: None, reason },
    };
    let Some(connection) = parts.connections.get(&endpoint.connection) else {
        return AttemptOutcome::Failed { status: None, reason: actions::missing(), retry_after: None };
    };
    let parent = event.logged.event.traceparent.iter();
    let parent: Vec<_> = parent.map(|value| ("traceparent".to_owned(), value.clone().into_bytes())).collect();
    let traceparent = traceparent::of(&parent, &*parts.entropy);
    let trace = traceparent::trace_id(&traceparent).to_owned();
    let span = tracing::info_span!(
        "action",
        connection = %connection.id,
        action = endpoint.action,
        delivery = %delivery.id,
        trace,
    );
    let caller = Caller::Delivery {
        idempotency_key: delivery.idempotency_key(),
        hops: hops.saturating_add(1),
        is_first: delivery.standing.history.is_empty(),
    };
    let call = ActionCall { name: endpoint.action.clone(), input: input.into(), caller, traceparent };
    parts.actions.deliver(&connection, call).instrument(span).await
}
