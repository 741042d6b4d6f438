//! Questions that may stay unanswered for long, and those who want to know all the same.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

/// Has one question under way at a time, however many ask: what stands still is not given more to do by asking whether it does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inquiry(Arc<Mutex<()>>);

impl Inquiry {
    /// The answer, if it comes in time. A question that nobody waits for any more is still under way until it is answered.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        within: Duration,
        question: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let asked = async {
            let turn = Arc::clone(&self.0).lock_owned().await;
            let answer = tokio::spawn(async move {
                let answer = question.await;
                drop(turn);
                answer
            });
            answer.await.ok()
        };
        timeout(within, asked).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_one_question_is_under_way_and_each_is_given_up_in_time() {
        let (inquiry, asked) = (Inquiry::default(), Arc::new(AtomicUsize::new(0)));
        let (answer, answered) = oneshot::channel();
        let (first, count) = (answered, Arc::clone(&asked));
        let within = Duration::from_secs(2);
        let unanswered = inquiry.ask(within, async move {
            count.fetch_add(1, Ordering::SeqCst);
            first.await
        });
        assert!(unanswered.await.is_none());
        for _ in 0..10 {
            let count = Arc::clone(&asked);
            assert!(inquiry.ask(within, async move { count.fetch_add(1, Ordering::SeqCst) }).await.is_none());
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1, "the others were not asked");
        answer.send(()).expect("the first is still under way");
        assert_eq!(inquiry.ask(within, async { 7 }).await, Some(7));
    }
}
