//! A timer on the wire.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::inbox::{Next, Reason};
use hookyard_domain::timer::Timer;
use serde::Serialize;
use serde_json::value::RawValue;

/// A timer as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct TimerView {
    connection: ConnectionId,
    name: String,
    /// `pending`, or `failed`: then it fires by hand only.
    state: &'static str,
    /// Tells one start of it from every other one; an opaque text.
    generation: String,
    /// As the plugin wrote it.
    payload: Box<RawValue>,
    started_at: Timestamp,
    /// When it was to fire first.
    due_at: Timestamp,
    /// Runs that have ended without effect.
    attempts: u32,
    /// When it fires, by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
    /// It fires when its connection has been activated: the provider refused the credentials.
    awaits_activation: bool,
    /// Why its last run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason>,
}

impl From<Timer> for TimerView {
    fn from(timer: Timer) -> Self {
        let state = timer.standing.state();
        let (next_attempt_at, awaits_activation) = match timer.standing.next {
            Some(Next::At(at)) => (Some(at), false),
            Some(Next::Activation) => (None, true),
            None => (None, false),
        };
        Self {
            connection: timer.connection,
            name: timer.name,
            state,
            generation: timer.generation.to_string(),
            // It was checked when the plugin handed it over.
            payload: RawValue::from_string(timer.payload).unwrap_or_default(),
            started_at: timer.started_at,
            due_at: timer.due_at,
            attempts: timer.standing.attempts,
            next_attempt_at,
            awaits_activation,
            error: timer.standing.error,
        }
    }
}

#[cfg(test)]
mod tests {
    use hookyard_domain::timer::{Generation, TimerStanding};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_timer_shows_what_it_waits_for_and_its_payload_to_the_digit() {
        let started_at = Timestamp::from_millis(1_767_225_600_000);
        let mut timer = Timer {
            connection: "shop".parse().expect("valid"),
            name: "poll".to_owned(),
            generation: Generation(7),
            payload: r#"{"b":1.50,"a":12345678901234567890}"#.to_owned(),
            started_at,
            due_at: started_at,
            standing: TimerStanding::started(started_at),
            version: 0,
        };
        let shown = serde_json::to_string(&TimerView::from(timer.clone())).expect("JSON");
        assert!(shown.contains(r#""payload":{"b":1.50,"a":12345678901234567890}"#), "{shown}");
        assert!(shown.contains(r#""next_attempt_at":"2026-01-01T00:00:00"#), "{shown}");
        timer.standing.next = Some(Next::Activation);
        let shown = serde_json::to_value(TimerView::from(timer.clone())).expect("JSON");
        assert_eq!((&shown["state"], &shown["awaits_activation"]), (&json!("pending"), &json!(true)));
        timer.standing.next = None;
        timer.standing.error = Some(Reason { code: "broken".to_owned(), message: "it is".to_owned() });
        let shown = serde_json::to_value(TimerView::from(timer)).expect("JSON");
        assert_eq!((&shown["state"], &shown["error"]["code"]), (&json!("failed"), &json!("broken")));
        assert!(shown.get("next_attempt_at").is_none());
    }
}
