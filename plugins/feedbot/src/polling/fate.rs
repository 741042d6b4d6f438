//! Whether to go on asking for a message.

use super::Followed;
use crate::api::{State, Status};
use crate::events::{Cause, Ending};

/// So long after its time a message that is still in the queue is given up, in milliseconds: an hour. Whether Feedbot turns it into a
/// failed one is not documented.
const MARGIN_MS: i64 = 60 * 60 * 1_000;

/// Whether to go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It ended like this.
    Over(Ending),
    /// Ask again.
    Open,
}

/// When a message that is still in the queue is given up because of its own time.
pub(super) fn hopeless_at_ms(message: &Followed) -> Option<i64> {
    message.expires_at_ms.map(|expires_at| expires_at.saturating_add(MARGIN_MS))
}

/// What becomes of a message with this status, if there was an answer. What is known counts more than what is given up.
pub(super) fn of(status: Option<Status>, message: &Followed, now_ms: i64, gives_up: bool) -> Fate {
    let state = status.as_ref().map(Status::state);
    let is_hopeless = hopeless_at_ms(message).is_some_and(|at| at <= now_ms);
    match state {
        Some(State::Sent) => Fate::Over(Ending::Sent),
        Some(State::Failed) => Fate::Over(Ending::Failed(status.and_then(|status| status.reason))),
        Some(State::Pending) if is_hopeless => Fate::Over(Ending::Expired(Cause::ExpiresAt)),
        _ if gives_up => Fate::Over(Ending::Expired(Cause::GiveUp)),
        Some(State::Pending | State::Unknown) | None => Fate::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRES_AT_MS: i64 = 1_772_703_672_000;

    fn message(expires_at_ms: Option<i64>) -> Followed {
        Followed { id: "m1".to_owned(), phone: "972500000001".to_owned(), expires_at_ms }
    }

    fn status(number: Option<i8>, reason: Option<&str>) -> Option<Status> {
        Some(Status { number, reason: reason.map(str::to_owned) })
    }

    #[test]
    fn what_is_known_counts_also_at_the_last_moment() {
        let late = EXPIRES_AT_MS + MARGIN_MS;
        for gives_up in [false, true] {
            let of = |status| of(status, &message(Some(EXPIRES_AT_MS)), late, gives_up);
            assert_eq!(of(status(Some(1), None)), Fate::Over(Ending::Sent));
            assert_eq!(
                of(status(Some(-1), Some("no WhatsApp"))),
                Fate::Over(Ending::Failed(Some("no WhatsApp".to_owned())))
            );
            assert_eq!(of(status(Some(0), None)), Fate::Over(Ending::Expired(Cause::ExpiresAt)));
        }
    }

    #[test]
    fn an_hour_after_its_time_a_message_in_the_queue_is_given_up() {
        let at = |now_ms, status| of(status, &message(Some(EXPIRES_AT_MS)), now_ms, false);
        assert_eq!(at(EXPIRES_AT_MS + MARGIN_MS - 1, status(Some(0), None)), Fate::Open);
        assert_eq!(at(EXPIRES_AT_MS + MARGIN_MS, status(Some(0), None)), Fate::Over(Ending::Expired(Cause::ExpiresAt)));
        assert_eq!(at(EXPIRES_AT_MS + MARGIN_MS, status(None, None)), Fate::Open, "it is not known to be in the queue");
        assert_eq!(at(EXPIRES_AT_MS + MARGIN_MS, None), Fate::Open, "there was no answer");
        assert_eq!(of(status(Some(0), None), &message(None), i64::MAX, false), Fate::Open, "it has no time");
    }

    #[test]
    fn in_the_end_every_message_is_given_up() {
        for status in [status(Some(0), None), status(None, Some("?")), None] {
            assert_eq!(of(status, &message(None), 0, true), Fate::Over(Ending::Expired(Cause::GiveUp)));
        }
    }
}
