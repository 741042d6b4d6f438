//! Who gets each new event as it comes, and who has fallen behind.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use hookyard_domain::subscription::Subscription;
use tokio::sync::Notify;

use super::index::{self, Index};
use crate::subscriptions::active::Active;
use crate::tail::TailEvent;

/// The subscriptions that have caught up. Each has a queue; whoever lets it run full reads the log by itself until he has caught up
/// again. Joining, leaving and handing on take the same lock, so that nothing falls in between.
#[derive(Debug)]
pub(super) struct Feeds(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Every event up to here was handed on.
    through: Offset,
    index: Index,
    feeds: HashMap<SubscriptionId, Feed>,
    /// Up to where those who are fed know at least that nothing is there for them, the least first.
    told: BTreeSet<(Offset, SubscriptionId)>,
}

#[derive(Debug)]
struct Feed {
    subscription: Arc<Active>,
    queue: VecDeque<Arc<TailEvent>>,
    /// What comes up to here it has read by itself.
    from: Offset,
    /// It has fallen behind, and gets nothing that comes after this one.
    dropped: Option<Offset>,
    /// Its worker has something to do.
    is_busy: bool,
    told: Offset,
    wake: Arc<Notify>,
}

/// What a worker finds.
#[derive(Debug)]
pub(super) enum Fed {
    /// These, in order.
    Events(Vec<Arc<TailEvent>>),
    /// Nothing: there is none up to here.
    Through(Offset),
    /// Nothing more is coming: read the log after this offset.
    Dropped(Offset),
}

impl Feeds {
    /// Nobody is fed. Everything up to `through` is to be read from the log.
    pub(super) fn starting_after(through: Offset) -> Self {
        Self(Mutex::new(State { through, index: Index::default(), feeds: HashMap::new(), told: BTreeSet::new() }))
    }

    /// Up to where events were handed on.
    pub(super) fn through(&self) -> Offset {
        self.lock().through
    }

    /// Feeds a subscription from now on, if it has read everything that was handed on.
    pub(super) fn join(&self, subscription: &Arc<Active>, read: Offset, wake: &Arc<Notify>) -> bool {
        let mut state = self.lock();
        if read < state.through {
            return false;
        }
        let id = subscription.definition.id.clone();
        state.leave(&id);
        state.index.insert(&subscription.definition);
        state.told.insert((read, id.clone()));
        let feed = Feed {
            subscription: Arc::clone(subscription),
            queue: VecDeque::new(),
            from: read,
            dropped: None,
            is_busy: true,
            told: read,
            wake: Arc::clone(wake),
        };
        state.feeds.insert(id, feed);
        true
    }

    /// Takes up to `max` (at least 1) events out of the queue of a subscription that is fed. `is_idle`: its worker has nothing to do
    /// unless something is taken.
    pub(super) fn take(&self, id: &SubscriptionId, max: usize, is_idle: bool) -> Option<Fed> {
        let mut state = self.lock();
        let through = state.through;
        let feed = state.feeds.get_mut(id)?;
        if !feed.queue.is_empty() {
            feed.is_busy = true;
            let count = max.min(feed.queue.len());
            return Some(Fed::Events(feed.queue.drain(..count).collect()));
        }
        if let Some(dropped) = feed.dropped {
            state.feeds.remove(id);
            return Some(Fed::Dropped(dropped));
        }
        feed.is_busy = !is_idle;
        Some(Fed::Through(through.max(feed.from)))
    }

    /// Feeds it no more. Says up to where nothing is left to be read by it, if it was fed.
    pub(super) fn leave(&self, id: &SubscriptionId) -> Option<Offset> {
        self.lock().leave(id)
    }

    /// Up to where there was nothing for a subscription, if it is fed and its worker has nothing to do.
    pub(super) fn idle_through(&self, id: &SubscriptionId) -> Option<Offset> {
        let state = self.lock();
        let feed = state.feeds.get(id)?;
        let is_idle = feed.queue.is_empty() && !feed.is_busy && feed.dropped.is_none();
        is_idle.then(|| state.through.max(feed.from))
    }

    /// Hands on these events, which are all up to `through`.
    pub(super) fn hand_on(&self, events: &[Arc<TailEvent>], through: Offset) {
        let mut state = self.lock();
        let before = state.through;
        for event in events.iter().filter(|event| event.logged.offset > before) {
            for id in state.index.naming(&event.event_type) {
                state.hand_to(&id, event);
            }
        }
        state.through = state.through.max(through);
        state.tell();
    }

    /// Events up to `through` could not be handed on: everybody reads the log.
    pub(super) fn drop_all(&self, through: Offset) {
        let mut state = self.lock();
        let before = state.through;
        let ids: Vec<_> = state.feeds.keys().cloned().collect();
        ids.iter().for_each(|id| state.drop_behind(id, before));
        state.through = before.max(through);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hand_to(&mut self, id: &SubscriptionId, event: &Arc<TailEvent>) {
        let Some(feed) = self.feeds.get_mut(id) else { return };
        let offset = event.logged.offset;
        if offset <= feed.from || !index::is_for(feed.definition(), event) {
            return;
        }
        if feed.queue.len() < limit::DELIVERY_FEED_MAX {
            feed.queue.push_back(Arc::clone(event));
            feed.wake.notify_one();
        } else {
            self.drop_behind(id, Offset(offset.0.saturating_sub(1)));
        }
    }

    /// Ends the feed of one that has got everything up to `last`. What is in its queue is still its own.
    fn drop_behind(&mut self, id: &SubscriptionId, last: Offset) {
        let Some(feed) = self.feeds.get_mut(id) else { return };
        if feed.dropped.is_none() {
            feed.dropped = Some(last.max(feed.from));
            feed.wake.notify_one();
            self.index.remove(&feed.subscription.definition);
            self.told.remove(&(feed.told, id.clone()));
        }
    }

    fn leave(&mut self, id: &SubscriptionId) -> Option<Offset> {
        let feed = self.feeds.remove(id)?;
        if feed.dropped.is_none() {
            self.index.remove(&feed.subscription.definition);
            self.told.remove(&(feed.told, id.clone()));
        }
        let next = feed.queue.front().map(|event| Offset(event.logged.offset.0.saturating_sub(1)));
        Some(next.or(feed.dropped).unwrap_or(self.through.max(feed.from)))
    }

    /// Wakes those for whom nothing was there for so long that it is worth writing down.
    fn tell(&mut self) {
        let through = self.through;
        while self.told.first().is_some_and(|(told, _)| told.0.saturating_add(limit::CURSOR_LAG_MAX) <= through.0)
            && let Some((_, id)) = self.told.pop_first()
        {
            if let Some(feed) = self.feeds.get_mut(&id) {
                feed.told = through;
                feed.wake.notify_one();
                self.told.insert((through, id));
            }
        }
    }
}

impl Feed {
    fn definition(&self) -> &Subscription {
        &self.subscription.definition
    }
}
