//! What is to be run, when, and in which order: webhooks of the inbox, timers, and whoever waits for an order key.
//!
//! It is an index in memory of what the store has, without a clock and without any waiting of its own. Each connection has its
//! items; an order key has a line, in which webhooks of the inbox keep their places among the webhooks and actions that somebody
//! carries, so that nothing passes one that waits to be tried again.

mod line;
mod turn;
mod work;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::{Next, Place};
use hookyard_domain::limit;
use tokio::sync::Notify;

pub(crate) use turn::Turn;
use work::Work;

/// Something that the host runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Item {
    /// A webhook of the inbox.
    Webhook {
        /// Its place in the order of receipt.
        place: Place,
        /// Its id.
        id: WebhookId,
    },
    /// A timer.
    Timer {
        /// Its name.
        name: String,
    },
}

impl Item {
    const fn place(&self) -> Option<Place> {
        match self {
            Self::Webhook { place, .. } => Some(*place),
            Self::Timer { .. } => None,
        }
    }
}

/// How the run of an item ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It need not run any more.
    Done,
    /// It runs again.
    Again(Next),
    /// It does not run by itself any more, and whoever stands behind it in its line waits.
    Blocks,
    /// The host could not run it now; it is tried then.
    Later(Timestamp),
    /// The connection does not work now: nothing of it runs until that [changes](Agenda::changed).
    Paused,
}

/// The agenda of a host. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Agenda(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changes: Notify,
    per_connection: usize,
}

#[derive(Debug, Default)]
struct State {
    connections: HashMap<ConnectionId, Work>,
    /// The connections that have something to run, by the time at which it is due.
    announced: BTreeSet<(Timestamp, ConnectionId)>,
}

impl Agenda {
    /// Nothing to do. Of one connection, so many items run at a time.
    pub(crate) fn new(per_connection: usize) -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), changes: Notify::default(), per_connection }))
    }

    /// Puts an item on, or decides anew when one that is on runs. If it runs already, this wins over what its run ends with. A
    /// webhook with an order key stands in the line at its place. `next` is `None` for one that only blocks its line.
    pub(crate) fn put(&self, connection: &ConnectionId, item: Item, order_key: Option<&str>, next: Option<Next>) {
        self.change(connection, |work| work.put(item, order_key, next));
    }

    /// Puts an item on unless it is on: whoever put it there has decided when it runs.
    pub(crate) fn put_missing(
        &self,
        connection: &ConnectionId,
        item: Item,
        order_key: Option<&str>,
        next: Option<Next>,
    ) {
        self.change(connection, |work| {
            if !work.has(&item) {
                work.put(item, order_key, next);
            }
        });
    }

    /// Takes an item off. If it runs, it is off once that has ended.
    pub(crate) fn remove(&self, connection: &ConnectionId, item: &Item) {
        self.change(connection, |work| work.remove(item));
    }

    /// The connection was activated: what waits for that is due.
    pub(crate) fn activated(&self, connection: &ConnectionId) {
        self.change(connection, Work::activated);
    }

    /// The connection may work again.
    pub(crate) fn changed(&self, connection: &ConnectionId) {
        self.change(connection, Work::resume);
    }

    /// The connection is deleted: takes all its items off.
    pub(crate) fn forget(&self, connection: &ConnectionId) {
        self.change(connection, |work| {
            work.resume();
            work.forget();
        });
    }

    /// Takes a place in the line before an order key. Takes no time. `None`: too many calls stand there already.
    pub(crate) fn enter(&self, connection: &ConnectionId, order_key: &str, place: Place) -> Option<Turn> {
        let (order_key, called) = self.change(connection, |work| {
            let (key, line) = work.line(order_key);
            (line.calls() < limit::ORDER_WAITING_MAX).then(|| (key, line.enter(place)))
        })?;
        let (agenda, connection) = (self.clone(), connection.clone());
        Some(Turn { agenda, connection, order_key, place, called, given_up: false })
    }

    /// The kept item that stands first in the line, if it stands before this place.
    pub(crate) fn in_the_way(&self, connection: &ConnectionId, order_key: &str, place: Place) -> Option<Item> {
        self.lock().connections.get(connection)?.line_before(order_key, place).cloned()
    }

    /// Takes up to `max` items that are due at `now`, those that have been due for longest first. Each of them runs until it
    /// has [ended](Self::ended).
    pub(crate) fn take_due(&self, now: Timestamp, max: usize) -> Vec<(ConnectionId, Item)> {
        let mut state = self.lock();
        let mut taken = Vec::new();
        while taken.len() < max {
            let Some((at, connection)) = state.announced.first() else { break };
            if *at > now {
                break;
            }
            let connection = connection.clone();
            let item = state.connections.get_mut(&connection).and_then(|work| work.take(now));
            state.announce(&connection, self.0.per_connection);
            let Some(item) = item else { break };
            taken.push((connection, item));
        }
        taken
    }

    /// When the next item is due that may run.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.lock().announced.first().map(|(at, _)| *at)
    }

    /// An item that was [taken](Self::take_due) runs no more.
    pub(crate) fn ended(&self, connection: &ConnectionId, item: &Item, ended: Ended) {
        self.change(connection, |work| work.ended(item, ended));
    }

    /// Wakes whoever takes what is due, when that may have changed.
    pub(crate) fn changes(&self) -> &Notify {
        &self.0.changes
    }

    fn leave(&self, connection: &ConnectionId, order_key: &str, place: Place) {
        self.change(connection, |work| {
            work.line(order_key).1.leave(place);
            work.refresh(order_key);
        });
    }

    fn change<T>(&self, connection: &ConnectionId, change: impl FnOnce(&mut Work) -> T) -> T {
        let mut state = self.lock();
        let first = state.announced.first().map(|(at, _)| *at);
        if !state.connections.contains_key(connection) {
            state.connections.insert(connection.clone(), Work::default());
        }
        let result = state.connections.get_mut(connection).map(change).expect("it was put there if it was not");
        state.announce(connection, self.0.per_connection);
        if state.announced.first().map(|(at, _)| *at) != first {
            self.0.changes.notify_one();
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Says anew when the connection has something to run, and drops it when it has nothing at all.
    fn announce(&mut self, connection: &ConnectionId, per_connection: usize) {
        let Some(work) = self.connections.get_mut(connection) else { return };
        let next = work.next_due(per_connection);
        if work.announced != next {
            if let Some(before) = work.announced {
                self.announced.remove(&(before, connection.clone()));
            }
            self.announced.extend(next.map(|at| (at, connection.clone())));
            work.announced = next;
        }
        if work.is_over() {
            self.connections.remove(connection);
        }
    }
}
