//! Work that goes on when whoever asked for it has stopped waiting. The host's end waits for it.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The work of a host that is not over yet.
#[derive(Debug)]
pub struct InWork {
    /// Cloned into every task; nothing is ever sent.
    alive: Mutex<Option<mpsc::Sender<Infallible>>>,
    ended: tokio::sync::Mutex<mpsc::Receiver<Infallible>>,
}

impl Default for InWork {
    fn default() -> Self {
        let (alive, ended) = mpsc::channel(1);
        Self { alive: Mutex::new(Some(alive)), ended: tokio::sync::Mutex::new(ended) }
    }
}

impl InWork {
    /// Begins a piece of work. It ends by itself, whether or not the handle is kept.
    pub(crate) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tokio::spawn(async move {
            let result = work.await;
            drop(alive);
            result
        })
    }

    /// Waits until everything that was begun before is over, at most so long; says whether it is.
    pub(crate) async fn end(&self, within: Duration) -> bool {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut ended = self.ended.lock().await;
        tokio::time::timeout(within, ended.recv()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_what_nobody_waits_for() {
        let in_work = InWork::default();
        let (finish, finished) = oneshot::channel();
        drop(in_work.spawn(finished));
        assert!(!in_work.end(Duration::ZERO).await, "it is not over");
        finish.send(()).expect("it goes on");
        assert!(in_work.end(Duration::from_secs(60)).await);
    }
}
