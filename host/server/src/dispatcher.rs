//! Takes events to where subscriptions want them.
//!
//! One task reads each new event once and hands it to the subscriptions that want it; each subscription has a worker, which is the
//! only one that changes how far it has come and how its deliveries stand.

pub(crate) mod attempt;
mod crowd;
mod error;
mod feeds;
mod hand_on;
mod health;
mod index;
mod lanes;
mod life;
mod operate;
mod order;
mod pace;
mod progress;
mod shared;
mod status;
mod told;
mod window;
mod worker;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hookyard_capability::Sleep;
use hookyard_domain::clock::{Clock, Timestamp};
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::{ConnectionId, SubscriptionId};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_domain::subscription::{Endpoint, Position};
use hookyard_store::Store;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::subscriptions::active::Active;
use crate::tail::Tail;
use crate::telemetry::metrics::Metrics;
use attempt::Attempts;
use order::Order;
use shared::Shared;
use worker::{Stage, Strings};

pub use error::DispatchError;
pub use status::Status;

/// What a dispatcher works with.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) attempts: Arc<dyn Attempts>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) sleep: Arc<dyn Sleep>,
    pub(crate) metrics: Arc<Metrics>,
    /// The host's own key: ids of deliveries are made with it.
    pub(crate) hash_key: HashKey,
    /// After how long without any success a subscription is paused.
    pub(crate) pause_after: Duration,
}

/// Delivers events to the endpoints of subscriptions.
pub struct Dispatcher {
    shared: Arc<Shared>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    subscriptions: HashMap<SubscriptionId, Handle>,
    /// Workers that are ending, or have ended: the next one of the name begins after them.
    leaving: HashMap<SubscriptionId, Leaving>,
    /// Hands on new events; from the first subscription on.
    handing_on: Option<JoinHandle<()>>,
    is_stopped: bool,
}

/// Closed when a worker has ended.
type Ended = watch::Receiver<Option<Infallible>>;

/// A worker that is ending.
#[derive(Clone)]
struct Leaving {
    /// While it is held, what is in flight may end.
    stage: watch::Sender<Stage>,
    board: Arc<Mutex<Status>>,
    ended: Ended,
}

/// Where a subscription goes on that has no worker yet.
struct Start {
    position: Position,
    /// The store may know better.
    is_old: bool,
}

/// By what a worker is moved, from outside.
struct Handle {
    made_at: Timestamp,
    definition: watch::Sender<Arc<Active>>,
    stage: watch::Sender<Stage>,
    activations: watch::Sender<u64>,
    orders: mpsc::Sender<Order>,
    board: Arc<Mutex<Status>>,
    ended: Ended,
}

impl Dispatcher {
    /// Delivers nothing yet: that begins with the first subscription. Within a runtime.
    pub(crate) fn start(parts: Parts) -> Arc<Self> {
        Arc::new(Self { shared: Arc::new(Shared::new(parts)), state: Mutex::default() })
    }

    /// A new subscription, or the new definition of one that is there already. A new one goes on at `position`; one that is there
    /// goes on where it stands. What was read but not tried yet is judged by the new definition.
    pub(crate) fn put(&self, subscription: Arc<Active>, position: Position) {
        self.put_at(subscription, Start { position, is_old: false });
    }

    /// One that was [discarded](Self::discard) and is to go on after all, from where the store says.
    pub(crate) fn put_back(&self, subscription: Arc<Active>, position: Position) {
        self.put_at(subscription, Start { position, is_old: true });
    }

    fn put_at(&self, subscription: Arc<Active>, start: Start) {
        let mut state = self.lock();
        if state.is_stopped {
            return;
        }
        state.handing_on.get_or_insert_with(|| {
            let (shared, following) = (Arc::clone(&self.shared), self.shared.parts.tail.follow());
            tokio::spawn(hand_on::hand_on(shared, following))
        });
        let id = subscription.definition.id.clone();
        if let Some(handle) = state.subscriptions.get(&id)
            && handle.made_at == subscription.made_at
            && !handle.orders.is_closed()
        {
            handle.definition.send_replace(subscription);
            return;
        }
        let before = state.subscriptions.remove(&id).map(Handle::leave).or_else(|| state.leaving.remove(&id));
        state.subscriptions.insert(id, self.begin(subscription, start, before));
    }

    /// Delivers nothing more to a subscription. On return its last attempts have ended, or were given up because they took too long,
    /// and what came of them is written down.
    pub async fn remove(&self, id: &SubscriptionId) {
        self.end(id, limit::DELIVERIES_END_WAIT).await;
    }

    /// The same without waiting for attempts that go on: nobody will ask what became of them. Says where it stood, if it was there.
    pub async fn discard(&self, id: &SubscriptionId) -> Option<Position> {
        self.end(id, Duration::ZERO).await
    }

    async fn end(&self, id: &SubscriptionId, wait: Duration) -> Option<Position> {
        let Leaving { stage, board, ended } = {
            let mut state = self.lock();
            if let Some(handle) = state.subscriptions.remove(id) {
                state.leaving.insert(id.clone(), handle.leave());
            }
            state.leaving.get(id)?.clone()
        };
        if timeout(wait, end_of(ended.clone())).await.is_err() {
            stage.send_replace(Stage::Cut);
            end_of(ended).await;
        }
        let mut state = self.lock();
        if state.leaving.get(id).is_some_and(|leaving| leaving.ended.has_changed().is_err()) {
            state.leaving.remove(id);
        }
        let position = board.lock().unwrap_or_else(PoisonError::into_inner).position.clone();
        Some(position)
    }

    /// How a subscription stands; `None` when it is not there.
    pub fn status(&self, id: &SubscriptionId) -> Option<Status> {
        let board = Arc::clone(&self.lock().subscriptions.get(id)?.board);
        // Asked first: what is taken from the feed afterwards is behind what the board says then.
        let idle_through = self.shared.feeds.idle_through(id);
        let mut status = board.lock().unwrap_or_else(PoisonError::into_inner).clone();
        status.position.cursor = idle_through.map_or(status.position.cursor, |idle| idle.max(status.position.cursor));
        Some(status)
    }

    /// How all subscriptions stand, by name.
    pub(crate) fn all(&self) -> Vec<Status> {
        let mut ids: Vec<_> = self.lock().subscriptions.keys().cloned().collect();
        ids.sort();
        ids.iter().filter_map(|id| self.status(id)).collect()
    }

    /// The connection was activated: deliveries to its actions that wait for that are due.
    pub(crate) fn activated(&self, connection: &ConnectionId) {
        self.shared.activated(connection);
        for handle in self.lock().subscriptions.values() {
            let calls = matches!(
                &handle.definition.borrow().definition.endpoint,
                Endpoint::Action(action) if action.connection == *connection
            );
            if calls {
                handle.activations.send_modify(|activations| *activations += 1);
            }
        }
    }

    /// Begins no attempt any more, waits (for a bounded time) until those in flight have ended, and writes down what came of them.
    pub async fn stop(&self) {
        let (handing_on, leaving) = {
            let mut state = self.lock();
            state.is_stopped = true;
            let working = std::mem::take(&mut state.subscriptions).into_values().map(Handle::leave);
            let before = std::mem::take(&mut state.leaving).into_values();
            (state.handing_on.take(), working.chain(before).collect::<Vec<_>>())
        };
        if timeout(limit::HTTP_DRAIN_MAX, ends_of(&leaving)).await.is_err() {
            tracing::warn!("some deliveries did not end in time and are cut off; they are made again");
            leaving.iter().for_each(|leaving| _ = leaving.stage.send_replace(Stage::Cut));
            if timeout(limit::TRY_AGAIN_AFTER, ends_of(&leaving)).await.is_err() {
                tracing::warn!(
                    "how far some subscriptions have come is not written down; they deliver the last events again"
                );
            }
        }
        if let Some(handing_on) = handing_on {
            handing_on.abort();
            match handing_on.await {
                Err(error) if error.is_panic() => tracing::error!(%error, "handing on events panicked"),
                Ok(()) | Err(_) => {}
            }
        }
    }

    fn begin(&self, subscription: Arc<Active>, start: Start, before: Option<Leaving>) -> Handle {
        let made_at = subscription.made_at;
        let board = Arc::new(Mutex::new(Status::at(start.position.clone())));
        let (definition, defined) = watch::channel(subscription);
        let (stage, staged) = watch::channel(Stage::Working);
        let (activations, activated) = watch::channel(0);
        let (orders, ordered) = mpsc::channel(limit::DELIVERY_ORDERS_MAX);
        let (end, ended) = watch::channel(None);
        let strings = Strings {
            definition: defined,
            stage: staged,
            activations: activated,
            orders: ordered,
            board: Arc::clone(&board),
        };
        let life = life::live(Arc::clone(&self.shared), strings, start, before);
        tokio::spawn(async move {
            life.await;
            drop(end);
        });
        Handle { made_at, definition, stage, activations, orders, board, ended }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// It begins nothing more.
    fn leave(self) -> Leaving {
        let Self { stage, board, ended, .. } = self;
        stage.send_replace(Stage::Ending);
        Leaving { stage, board, ended }
    }
}

async fn end_of(mut ended: Ended) {
    while ended.changed().await.is_ok() {}
}

async fn ends_of(all: &[Leaving]) {
    for leaving in all {
        end_of(leaving.ended.clone()).await;
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}
