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
    const fn kind(&self) -> usize {
        match self {
            Self::Webhook { .. } => WEBHOOK,
            Self::Timer { .. } => TIMER,
        }
    }

    const fn place(&self) -> Option<Place> {
        match self {
            Self::Webhook { place, .. } => Some(*place),
            Self::Timer { .. } => None,
        }
    }
}

/// How many kinds of items there are.
const KINDS: usize = 2;
const WEBHOOK: usize = 0;
const TIMER: usize = 1;

/// Tells one activation of a connection from every other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Activation(u64);

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
    /// It was not run, because the provider has refused the credentials again since the activation that it had waited for. It
    /// waits for the next one, before those that were run.
    Refused,
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
    /// Stays when a connection has nothing to do.
    terms: HashMap<ConnectionId, Terms>,
    /// The connections that have something to run, by the time at which it is due.
    announced: BTreeSet<(Timestamp, ConnectionId)>,
    /// Those for which it was due when somebody looked: first those of which the fewest run, so that a connection whose runs take
    /// long, or that has many of them, never holds up others.
    due: BTreeSet<(usize, Timestamp, ConnectionId)>,
    /// Counts activations, over all connections.
    activations: u64,
}

#[derive(Debug, Default)]
struct Terms {
    /// How many of its items may run at a time, where that is known.
    at_once: Option<usize>,
    activation: Activation,
}

impl Agenda {
    /// Nothing to do. Of one connection, so many items run at a time.
    pub(crate) fn new(per_connection: usize) -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), changes: Notify::default(), per_connection }))
    }

    /// Puts an item on, or decides anew when one that is on runs. If it runs already, this wins over what its run ends with. A
    /// webhook with an order key stands in the line at its place. `next` is `None` for one that only blocks its line.
    pub(crate) fn put(&self, connection: &ConnectionId, item: Item, order_key: Option<&str>, next: Option<Next>) {
        self.change(connection, |work, _| work.put(item, order_key, next));
    }

    /// The same for one whose fate was decided when this activation was the last: if there has been another one since, it does
    /// not wait for a further one.
    pub(crate) fn put_since(
        &self,
        connection: &ConnectionId,
        item: Item,
        order_key: Option<&str>,
        next: Option<Next>,
        seen: Activation,
    ) {
        self.change(connection, |work, last| {
            let missed = next == Some(Next::Activation) && last != seen;
            work.put(item, order_key, if missed { Some(Next::At(work::AT_ONCE)) } else { next });
        });
    }

    /// Puts an item on unless it is on: whoever put it there has decided when it runs.
    pub(crate) fn put_missing(
        &self,
        connection: &ConnectionId,
        item: Item,
        order_key: Option<&str>,
        next: Option<Next>,
    ) {
        self.change(connection, |work, _| {
            if !work.has(&item) {
                work.put(item, order_key, next);
            }
        });
    }

    /// Takes an item off. If it runs, it is off once that has ended.
    pub(crate) fn remove(&self, connection: &ConnectionId, item: &Item) {
        self.change(connection, |work, _| work.remove(item));
    }

    /// The connection was activated: what waits for that is due.
    pub(crate) fn activated(&self, connection: &ConnectionId) {
        let mut state = self.lock();
        state.activations += 1;
        let activation = Activation(state.activations);
        state.terms.entry(connection.clone()).or_default().activation = activation;
        drop(state);
        self.change(connection, |work, _| work.activated());
    }

    /// The connection's last activation.
    pub(crate) fn activation(&self, connection: &ConnectionId) -> Activation {
        self.lock().activation(connection)
    }

    /// The connection may work again.
    pub(crate) fn changed(&self, connection: &ConnectionId) {
        self.change(connection, |work, _| work.resume());
    }

    /// The same, and from now on so many of its items run at a time, if that is less than may run of any connection.
    pub(crate) fn works(&self, connection: &ConnectionId, at_once: usize) {
        self.lock().terms.entry(connection.clone()).or_default().at_once = Some(at_once);
        self.changed(connection);
    }

    /// The connection is deleted: takes all its items off.
    pub(crate) fn forget(&self, connection: &ConnectionId) {
        self.lock().terms.remove(connection);
        self.change(connection, |work, _| {
            work.resume();
            work.forget();
        });
    }

    /// Takes a place in the line before an order key. Takes no time. `None`: too many calls stand there already.
    pub(crate) fn enter(&self, connection: &ConnectionId, order_key: &str, place: Place) -> Option<Turn> {
        let (order_key, called) = self.change(connection, |work, _| {
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

    /// Takes up to `max` items that are due at `now`: those of connections of which the fewest run first, and of these those that
    /// have been due for longest. Each of them runs until it has [ended](Self::ended).
    pub(crate) fn take_due(&self, now: Timestamp, max: usize) -> Vec<(ConnectionId, Item)> {
        let mut state = self.lock();
        state.look(now);
        let mut taken = Vec::new();
        while taken.len() < max {
            let Some((.., connection)) = state.due.pop_first() else { break };
            let at_once = state.at_once(&connection, self.0.per_connection);
            let Some(work) = state.connections.get_mut(&connection) else { continue };
            work.announced = None;
            // Nothing, if the clock was set back since.
            taken.extend(work.take(now, at_once).map(|item| (connection.clone(), item)));
            state.announce(&connection, self.0.per_connection);
            state.look(now);
        }
        taken
    }

    /// When the next item is due that may run.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.lock().next_due()
    }

    /// An item that was [taken](Self::take_due) runs no more.
    pub(crate) fn ended(&self, connection: &ConnectionId, item: &Item, ended: Ended) {
        self.change(connection, |work, _| work.ended(item, ended));
    }

    /// Wakes whoever takes what is due, when that may have changed.
    pub(crate) fn changes(&self) -> &Notify {
        &self.0.changes
    }

    fn leave(&self, connection: &ConnectionId, order_key: &str, place: Place) {
        self.change(connection, |work, _| {
            work.line(order_key).1.leave(place);
            work.refresh(order_key);
        });
    }

    fn change<T>(&self, connection: &ConnectionId, change: impl FnOnce(&mut Work, Activation) -> T) -> T {
        let mut state = self.lock();
        let (first, activation) = (state.next_due(), state.activation(connection));
        if !state.connections.contains_key(connection) {
            state.connections.insert(connection.clone(), Work::default());
        }
        let work = state.connections.get_mut(connection).expect("it was put there if it was not");
        let result = change(work, activation);
        state.announce(connection, self.0.per_connection);
        if state.next_due() != first {
            self.0.changes.notify_one();
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn activation(&self, connection: &ConnectionId) -> Activation {
        self.terms.get(connection).map(|terms| terms.activation).unwrap_or_default()
    }

    fn at_once(&self, connection: &ConnectionId, per_connection: usize) -> usize {
        let known = self.terms.get(connection).and_then(|terms| terms.at_once);
        known.map_or(per_connection, |at_once| at_once.min(per_connection))
    }

    fn next_due(&self) -> Option<Timestamp> {
        let due = self.due.first().map(|(_, at, _)| *at);
        due.or_else(|| self.announced.first().map(|(at, _)| *at))
    }

    /// Sees what is due at `now`.
    fn look(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.announced.first()
            && *at <= now
            && let Some((at, connection)) = self.announced.pop_first()
        {
            let running =
                self.connections.get(&connection).and_then(|work| work.announced).map_or(0, |(running, _)| running);
            self.due.insert((running, at, connection));
        }
    }

    /// Says anew when the connection has something to run, and drops it when it has nothing at all.
    fn announce(&mut self, connection: &ConnectionId, per_connection: usize) {
        let at_once = self.at_once(connection, per_connection);
        let Some(work) = self.connections.get_mut(connection) else { return };
        let next = work.next_due(at_once);
        if work.announced != next {
            if let Some((running, at)) = work.announced {
                self.announced.remove(&(at, connection.clone()));
                self.due.remove(&(running, at, connection.clone()));
            }
            self.announced.extend(next.map(|(_, at)| (at, connection.clone())));
            work.announced = next;
        }
        if work.is_over() {
            self.connections.remove(connection);
        }
    }
}
