//! How long to wait before asking again.

use std::time::Duration;

use crate::config::Poll;

/// Share of a pause that chance takes away at most, so that messages that were queued together are not asked for together for ever.
const JITTER: f64 = 0.2;

/// The pause before the poll of this number, from 0. `chance` is any byte; the pause is never longer than the config says.
pub(super) fn pause(poll: &Poll, polls: u32, chance: u8) -> Duration {
    let exponent = i32::try_from(polls).unwrap_or(i32::MAX);
    // A power beyond all numbers is infinite, and `max_seconds` counts.
    let seconds = (f64::from(poll.first_seconds) * poll.factor.powi(exponent)).min(f64::from(poll.max_seconds));
    Duration::from_secs_f64(seconds * (1.0 - JITTER * f64::from(chance) / f64::from(u8::MAX)))
}

/// The same, but not beyond the next of these times (milliseconds since 1970) that is still to come; a second at least.
pub(super) fn until_a_deadline(pause: Duration, now_ms: i64, deadlines: impl Iterator<Item = i64>) -> Duration {
    let left = deadlines.filter_map(|at_ms| u64::try_from(at_ms.saturating_sub(now_ms)).ok().filter(|left| *left > 0));
    let left = left.min().map_or(pause, |left| pause.min(Duration::from_millis(left)));
    left.max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_longest() {
        let seconds = |polls: u32| pause(&Poll::default(), polls, 0).as_secs();
        assert_eq!([0, 1, 2, 5, 6, 7, 5_000, u32::MAX].map(seconds), [10, 20, 40, 320, 600, 600, 600, 600]);
        let steady = Poll { factor: 1.0, ..Poll::default() };
        assert_eq!(pause(&steady, u32::MAX, 0).as_secs(), 10);
        let short = Poll { max_seconds: 3, ..Poll::default() };
        assert_eq!(pause(&short, 0, 0).as_secs(), 3);
    }

    #[test]
    fn chance_only_shortens_a_pause() {
        let pauses = [0, 1, 128, 255].map(|chance| pause(&Poll::default(), 0, chance));
        assert!(pauses.is_sorted_by(|longer, shorter| longer > shorter), "{pauses:?}");
        assert_eq!((pauses[0].as_secs(), pauses[3].as_secs()), (10, 8));
    }

    #[test]
    fn a_pause_ends_with_the_next_deadline() {
        let until = |deadlines: &[i64]| until_a_deadline(Duration::from_mins(1), 100_000, deadlines.iter().copied());
        assert_eq!(until(&[]), Duration::from_mins(1));
        assert_eq!(until(&[500_000, 130_000, 90_000, 100_000]), Duration::from_secs(30));
        assert_eq!(until(&[100_001]), Duration::from_secs(1));
    }
}
