//! Counts the processor time of one invocation.
//!
//! A guest runs on a fiber within the future that calls it, so its time is what the thread spends in polls of that future;
//! waiting costs nothing, and neither does a machine that is busy with something else.

use std::future::{self, Future};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time of one invocation so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    /// Nanoseconds of all polls that are over.
    spent: AtomicU64,
    /// The thread's processor time when the present poll began. Read by the thread of that poll only.
    poll_began: AtomicU64,
}

impl Meter {
    /// Runs `work` to its end and counts.
    pub(crate) async fn measure<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        future::poll_fn(|context| {
            self.0.poll_began.store(thread_time(), Ordering::Relaxed);
            let polled = work.as_mut().poll(context);
            self.0.spent.store(self.within_poll(), Ordering::Relaxed);
            polled
        })
        .await
    }

    /// What was spent, between polls.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.0.spent.load(Ordering::Relaxed))
    }

    /// What was spent, as seen from within the measured work.
    pub(crate) fn spent_within(&self) -> Duration {
        Duration::from_nanos(self.within_poll())
    }

    fn within_poll(&self) -> u64 {
        let began = self.0.poll_began.load(Ordering::Relaxed);
        self.0.spent.load(Ordering::Relaxed) + thread_time().saturating_sub(began)
    }
}

/// Nanoseconds that this thread has run.
fn thread_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_costs_nothing_and_working_does() {
        let meter = Meter::default();
        let (wake, woken) = tokio::sync::oneshot::channel();
        let work = async {
            let before = meter.spent_within();
            while meter.spent_within() - before < Duration::from_millis(3) {
                std::hint::spin_loop();
            }
            woken.await
        };
        let (done, ()) = tokio::join!(meter.measure(work), async {
            let other = Meter::default();
            other.measure(async { while other.spent_within() < Duration::from_millis(20) {} }).await;
            wake.send(()).expect("the work waits");
        });
        done.expect("woken");
        assert!(meter.spent() >= Duration::from_millis(3), "{:?}", meter.spent());
        assert!(meter.spent() < Duration::from_millis(20), "{:?}", meter.spent());
    }
}
