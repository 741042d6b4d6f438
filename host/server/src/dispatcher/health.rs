//! What an attempt says of the endpoint.

use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::AttemptOutcome;
use hookyard_domain::inbox::Reason;
use hookyard_domain::subscription::{Paused, Position};

/// What becomes of a position by an attempt that ended `now`. One that can never succeed says something of the event, nothing of the
/// endpoint.
pub(super) fn after(position: &Position, outcome: &AttemptOutcome, now: Timestamp, pause_after: Duration) -> Position {
    let mut after = position.clone();
    match outcome {
        AttemptOutcome::Delivered { .. } => after.failing_since = None,
        AttemptOutcome::Never { .. } => {}
        AttemptOutcome::Gone(reason) => {
            after.failing_since.get_or_insert(now);
            pause(&mut after, Reason { code: "gone".into(), message: reason.message.clone() }, now);
        }
        AttemptOutcome::Failed { reason, .. } | AttemptOutcome::Unauthorized(reason) => {
            let since = *after.failing_since.get_or_insert(now);
            if now >= since.after(pause_after) {
                let message = format!("no attempt has succeeded since {since}; the last one: {}", reason.message);
                pause(&mut after, Reason { code: "failing".into(), message }, now);
            }
        }
    }
    after
}

/// Whoever paused it first stays the reason.
pub(super) fn pause(position: &mut Position, reason: Reason, now: Timestamp) {
    position.paused.get_or_insert(Paused { since: now, reason });
}

#[cfg(test)]
mod tests {
    use hookyard_domain::event::Offset;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn reason() -> Reason {
        Reason { code: "http-500".into(), message: "it answered 500".into() }
    }

    fn failed() -> AttemptOutcome {
        AttemptOutcome::Failed { status: Some(500), reason: reason(), retry_after: None }
    }

    fn position() -> Position {
        let subscription = "crm".parse().expect("valid");
        Position { subscription, cursor: Offset(7), replays: 0, failing_since: None, paused: None }
    }

    fn code(position: &Position) -> Option<&str> {
        position.paused.as_ref().map(|paused| paused.reason.code.as_str())
    }

    #[test]
    fn it_is_paused_when_nothing_has_succeeded_for_too_long() {
        let first = after(&position(), &failed(), at(5), HOUR);
        assert_eq!((first.failing_since, code(&first)), (Some(at(5)), None));
        let second = after(&first, &failed(), at(3_600_004), HOUR);
        assert_eq!((second.failing_since, code(&second)), (Some(at(5)), None));
        let third = after(&second, &failed(), at(3_600_005), HOUR);
        assert_eq!(code(&third), Some("failing"));
    }

    #[test]
    fn a_success_in_between_begins_the_time_anew() {
        let failing = after(&position(), &failed(), at(5), HOUR);
        let well = after(&failing, &AttemptOutcome::Delivered { status: 200 }, at(3_600_000), HOUR);
        assert_eq!(well, position());
        assert_eq!(after(&well, &failed(), at(9_000_000), HOUR).paused, None);
    }

    #[test]
    fn what_takes_no_more_is_paused_at_once() {
        let gone = after(&position(), &AttemptOutcome::Gone(reason()), at(5), HOUR);
        assert_eq!(code(&gone), Some("gone"));
    }

    #[test]
    fn an_event_that_can_never_be_delivered_says_nothing_of_the_endpoint() {
        let never = AttemptOutcome::Never { status: None, reason: reason() };
        assert_eq!(after(&position(), &never, at(5), HOUR), position());
        let failing = after(&position(), &failed(), at(5), HOUR);
        assert_eq!(after(&failing, &never, at(9_000_000), HOUR), failing);
    }

    #[test]
    fn what_the_operator_has_paused_stays_paused_by_him() {
        let mut paused = position();
        pause(&mut paused, Reason { code: "operator".into(), message: String::new() }, at(1));
        let gone = after(&paused, &AttemptOutcome::Gone(reason()), at(5), HOUR);
        assert_eq!(code(&gone), Some("operator"));
    }
}
