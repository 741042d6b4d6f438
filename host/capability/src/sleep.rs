//! Waiting as an argument, so that tests need not wait.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hookyard_domain::clock::{Clock, ManualClock, Timestamp};
use tokio::sync::oneshot;

/// Lets time pass.
#[async_trait]
pub trait Sleep: Send + Sync + fmt::Debug {
    /// Returns when so much time has passed. May be cancelled.
    async fn sleep(&self, duration: Duration);
}

/// The machine's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSleep;

#[async_trait]
impl Sleep for SystemSleep {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Sleeps until a clock by hand is moved far enough, for tests. It must be told of each move ([`ManualSleep::wake`]).
#[derive(Debug)]
pub struct ManualSleep {
    clock: std::sync::Arc<ManualClock>,
    sleepers: Mutex<Vec<(Timestamp, oneshot::Sender<()>)>>,
}

impl ManualSleep {
    /// By this clock.
    pub fn by(clock: std::sync::Arc<ManualClock>) -> Self {
        Self { clock, sleepers: Mutex::default() }
    }

    /// Wakes those whose time has come.
    pub fn wake(&self) {
        let now = self.clock.now();
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let due = sleepers.extract_if(.., |(until, _)| *until <= now);
        for (_, wake) in due {
            // A sleeper that has been cancelled needs no waking.
            let _cancelled = wake.send(());
        }
    }

    /// Until when those who sleep now do so, the earliest first.
    pub fn sleeping_until(&self) -> Vec<Timestamp> {
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        sleepers.retain(|(_, wake)| !wake.is_closed());
        let mut until: Vec<_> = sleepers.iter().map(|(until, _)| *until).collect();
        until.sort();
        until
    }
}

#[async_trait]
impl Sleep for ManualSleep {
    async fn sleep(&self, duration: Duration) {
        let (wake, woken) = oneshot::channel();
        let until = self.clock.now().after(duration);
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner).push((until, wake));
        self.wake();
        // The sender is kept until it is used or this future is gone.
        let _woken = woken.await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_sleeper_by_hand_wakes_when_its_time_has_come_and_not_before() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(0)));
        let sleep = Arc::new(ManualSleep::by(Arc::clone(&clock)));
        let sleeper = tokio::spawn({
            let sleep = Arc::clone(&sleep);
            async move { sleep.sleep(Duration::from_secs(5)).await }
        });
        while sleep.sleeping_until().is_empty() {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(4));
        sleep.wake();
        assert_eq!(sleep.sleeping_until(), [Timestamp::from_millis(5_000)]);
        clock.advance(Duration::from_secs(1));
        sleep.wake();
        sleeper.await.expect("wakes");
    }
}
