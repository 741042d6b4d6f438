//! Webhooks and actions that share an order key run one after the other, in order of receipt.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use tokio::sync::oneshot;

type Key = (ConnectionId, String);
/// For each key that is held: who waits for it.
type Waiting = HashMap<Key, VecDeque<oneshot::Sender<()>>>;

/// The keys that are held. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct OrderLocks(Arc<Mutex<Waiting>>);

impl OrderLocks {
    /// Takes the next place in the queue of a key. Takes no time, so that the order of calls is the order of turns. `None`
    /// when [`limit::ORDER_WAITING_MAX`] wait already.
    pub(crate) fn queue(&self, connection: &ConnectionId, order_key: &str) -> Option<Turn> {
        let key = (connection.clone(), order_key.to_owned());
        let mut waiting = lock(&self.0);
        let called = match waiting.get_mut(&key) {
            None => {
                waiting.insert(key.clone(), VecDeque::new());
                None
            }
            Some(queue) if queue.len() >= limit::ORDER_WAITING_MAX => return None,
            Some(queue) => {
                let (call, called) = oneshot::channel();
                queue.push_back(call);
                Some(called)
            }
        };
        drop(waiting);
        Some(Turn { waiting: Arc::clone(&self.0), key, called })
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the queue of a key, and the key itself once it is reached. Dropping it lets the next one go.
#[derive(Debug)]
pub(crate) struct Turn {
    waiting: Arc<Mutex<Waiting>>,
    key: Key,
    /// Absent once the key is held.
    called: Option<oneshot::Receiver<()>>,
}

impl Turn {
    /// Returns when every earlier holder of the key is done. May be cancelled and called again.
    pub(crate) async fn come(&mut self) {
        if let Some(called) = &mut self.called {
            // The sender is dropped only together with the whole map, or after this place is given up.
            if called.await.is_ok() {
                self.called = None;
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        let holds = match &mut self.called {
            None => true,
            Some(called) => called.try_recv().is_ok(),
        };
        if !holds {
            // While the lock is held nobody calls; afterwards the call finds this place closed and goes to the next.
            self.called = None;
            return;
        }
        let Some(queue) = waiting.get_mut(&self.key) else { return };
        while let Some(next) = queue.pop_front() {
            if next.send(()).is_ok() {
                return;
            }
        }
        waiting.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn shop() -> ConnectionId {
        "shop".parse().expect("valid")
    }

    fn place(locks: &OrderLocks, key: &str) -> Turn {
        locks.queue(&shop(), key).expect("a place")
    }

    #[test]
    fn a_queue_has_an_end() {
        let locks = OrderLocks::default();
        let _places: Vec<_> = (0..=limit::ORDER_WAITING_MAX).map(|_| place(&locks, "a")).collect();
        assert!(locks.queue(&shop(), "a").is_none());
        assert!(locks.queue(&shop(), "b").is_some());
    }

    #[tokio::test]
    async fn turns_come_in_the_order_of_queueing() {
        let locks = OrderLocks::default();
        let mut first = place(&locks, "a");
        let mut second = place(&locks, "a");
        let mut third = place(&locks, "a");
        first.come().await;
        assert!(third.come().now_or_never().is_none());
        drop(first);
        second.come().await;
        assert!(third.come().now_or_never().is_none());
        drop(second);
        third.come().await;
    }

    #[tokio::test]
    async fn other_keys_and_connections_do_not_wait() {
        let locks = OrderLocks::default();
        let _held = place(&locks, "a");
        place(&locks, "b").come().await;
        locks.queue(&"other".parse().expect("valid"), "a").expect("a place").come().await;
    }

    #[tokio::test]
    async fn a_place_given_up_does_not_block_the_queue_and_nothing_is_left_behind() {
        let locks = OrderLocks::default();
        let first = place(&locks, "a");
        let second = place(&locks, "a");
        let third = place(&locks, "a");
        let mut fourth = place(&locks, "a");
        drop(second);
        drop(first);
        // The third was called but never looked: it passes the key on when it is dropped.
        drop(third);
        fourth.come().await;
        drop(fourth);
        assert!(lock(&locks.0).is_empty());
    }
}
