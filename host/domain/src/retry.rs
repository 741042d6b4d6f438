//! When something that failed is tried again.

use std::time::Duration;

/// Waits between attempts. After the last of them, it is the last one again.
#[derive(Debug, Clone, Copy)]
pub struct Schedule(&'static [Duration]);

/// A connection whose provider cannot be reached is activated again after 5 s, 30 s, 2 min, and then every 10 min.
pub const ACTIVATION: Schedule = Schedule(&[
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
]);

/// A webhook or a timer that failed is run again after 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 6 h, 12 h, and then given up.
pub const INBOX: Schedule = Schedule(&[
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(3 * 60 * 60),
    Duration::from_secs(6 * 60 * 60),
    Duration::from_secs(12 * 60 * 60),
]);

/// A delivery is tried at once and, as long as it fails, again 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h after the
/// attempt before: ten times in all, over three days. It is the schedule that Standard Webhooks recommends
/// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability>).
pub const DELIVERY: Schedule = Schedule(&[
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
    Duration::from_secs(14 * 60 * 60),
    Duration::from_secs(20 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
]);

impl Schedule {
    /// How many waits it has: whoever gives up does so after one more attempt than that.
    pub fn waits(self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// How long to wait after the `attempt`-th attempt, counted from 1, but not less than `at_least`. `random` moves it by up to
    /// 20 % to either side, so that those who failed together do not come back together.
    pub fn wait(self, attempt: u32, at_least: Option<Duration>, random: u32) -> Duration {
        let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = self.0.get(index).or(self.0.last()).copied().unwrap_or_default();
        let factor = 0.8 + 0.4 * (f64::from(random) / f64::from(u32::MAX));
        wait.mul_f64(factor).max(at_least.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_last_and_stay_within_a_fifth() {
        let seconds = |attempt, random| ACTIVATION.wait(attempt, None, random).as_secs_f64().round();
        assert_eq!(
            [1, 2, 3, 4, 5, 1_000].map(|attempt| seconds(attempt, u32::MAX / 2)),
            [5.0, 30.0, 120.0, 600.0, 600.0, 600.0]
        );
        assert_eq!((seconds(1, 0), seconds(1, u32::MAX)), (4.0, 6.0));
        assert_eq!((seconds(3, 0), seconds(3, u32::MAX)), (96.0, 144.0));
    }

    #[test]
    fn a_provider_that_says_when_is_not_asked_before() {
        let hour = Duration::from_secs(3_600);
        assert_eq!(ACTIVATION.wait(1, Some(hour), 0), hour);
        assert!(ACTIVATION.wait(4, Some(Duration::from_secs(1)), 0) > Duration::from_secs(400));
    }
}
