//! What a worker has before it: which deliveries there are, what they wait for, and which may begin.
//!
//! Without clock and without I/O. Events of one subject share a lane, in which one attempt goes on at a time. In an ordered
//! subscription only the first of a lane may begin, so that one that waits to be tried again holds those behind it.

mod lane;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::event::Offset;
use hookyard_domain::inbox::Next;

use lane::{Key, Lane};

/// The deliveries of one subscription. `E` is what is known of an event.
#[derive(Debug)]
pub(super) struct Lanes<E> {
    ordered: bool,
    items: BTreeMap<Offset, Item<E>>,
    lanes: HashMap<Key, Lane>,
    /// Those that may begin: first those that became ready first, of these those that stand first in the log.
    ready: BTreeSet<(Turn, Offset)>,
    timed: BTreeSet<(Timestamp, Offset)>,
    /// Lanes in which nothing may begin before then.
    held: BTreeSet<(Timestamp, Key)>,
    turn: Turn,
    kept: usize,
    waiting: usize,
}

/// Counts the moments at which something became ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Turn(u64);

/// One event on its way.
#[derive(Debug)]
struct Item<E> {
    subject: Option<String>,
    /// Absent, if the store has a row that says how it stands.
    fresh: Option<Arc<E>>,
    state: State,
    /// It was tried before its time already, because the endpoint was back.
    was_forwarded: bool,
    /// The try that comes, or goes on, is such a one.
    is_early: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready(Turn),
    Until(Timestamp),
    Activation,
    Running,
    /// How it stands is being written down; what it is to do then.
    Saving(Option<Next>),
}

/// Something that begins.
#[derive(Debug)]
pub(super) struct Begun<E> {
    pub(super) offset: Offset,
    pub(super) subject: Option<String>,
    /// Absent, if the store has to be asked.
    pub(super) fresh: Option<Arc<E>>,
}

impl<E> Lanes<E> {
    /// Nothing to do.
    pub(super) fn new(ordered: bool) -> Self {
        Self {
            ordered,
            items: BTreeMap::new(),
            lanes: HashMap::new(),
            ready: BTreeSet::new(),
            timed: BTreeSet::new(),
            held: BTreeSet::new(),
            turn: Turn::default(),
            kept: 0,
            waiting: 0,
        }
    }

    /// Deliveries that have a row, or get one, and are not over.
    pub(super) const fn kept(&self) -> usize {
        self.kept
    }

    /// Events whose first attempt has not ended.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether something is known of the event at this offset.
    pub(super) fn has(&self, offset: Offset) -> bool {
        self.items.contains_key(&offset)
    }

    /// Whether it is being tried, or how it stands is being written down.
    pub(super) fn is_busy(&self, offset: Offset) -> bool {
        self.items.get(&offset).is_some_and(|item| matches!(item.state, State::Running | State::Saving(_)))
    }

    /// Whether it is tried before its time, because the endpoint was back.
    pub(super) fn is_early(&self, offset: Offset) -> bool {
        self.items.get(&offset).is_some_and(|item| item.is_early)
    }

    /// Puts an event there that was not tried yet.
    pub(super) fn put(&mut self, offset: Offset, subject: Option<String>, event: Arc<E>) {
        self.turn.0 += 1;
        let state = State::Ready(self.turn);
        self.insert(offset, Item { subject, fresh: Some(event), state, was_forwarded: false, is_early: false });
    }

    /// Puts a delivery there that the store has a row of.
    pub(super) fn restore(&mut self, offset: Offset, subject: Option<String>, next: Next) {
        let state = waiting_for(next);
        self.insert(offset, Item { subject, fresh: None, state, was_forwarded: false, is_early: false });
    }

    /// Whether an event that was not tried yet stands behind one that is to be tried again, so that it gets a row.
    pub(super) fn is_held(&self, offset: Offset) -> bool {
        let Some(item) = self.items.get(&offset).filter(|_| self.ordered) else { return false };
        let Some(lane) = Key::of(true, item.subject.as_deref()).and_then(|key| self.lanes.get(&key)) else {
            return false;
        };
        let first = lane.first().filter(|first| *first != offset).and_then(|first| self.items.get(&first));
        item.fresh.is_some()
            && matches!(item.state, State::Ready(_))
            && first.is_some_and(|first| {
                matches!(first.state, State::Until(_) | State::Activation | State::Saving(Some(_)))
            })
    }

    /// Those of the lane of this one that [are held](Self::is_held).
    pub(super) fn held_with(&self, offset: Offset) -> Vec<Offset> {
        let Some(item) = self.items.get(&offset).filter(|_| self.ordered) else { return Vec::new() };
        let lane = Key::of(true, item.subject.as_deref()).and_then(|key| self.lanes.get(&key));
        lane.into_iter().flat_map(Lane::all).filter(|offset| self.is_held(*offset)).collect()
    }

    /// The event at this offset, if it was not tried yet.
    pub(super) fn fresh(&self, offset: Offset) -> Option<&Arc<E>> {
        self.items.get(&offset)?.fresh.as_ref()
    }

    /// Those that were not tried yet and are not being tried.
    pub(super) fn all_fresh(&self) -> Vec<(Offset, Arc<E>)> {
        let rests = |state: State| matches!(state, State::Ready(_) | State::Until(_));
        let fresh = self.items.iter().filter(|(_, item)| rests(item.state));
        fresh.filter_map(|(offset, item)| Some((*offset, Arc::clone(item.fresh.as_ref()?)))).collect()
    }

    /// Lets come what is due at `now`.
    pub(super) fn look(&mut self, now: Timestamp) {
        while let Some((until, key)) = self.held.first().cloned()
            && until <= now
        {
            self.held.pop_first();
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.held_until = None;
                self.refresh(&key);
            }
        }
        self.turn.0 += 1;
        let turn = self.turn;
        while let Some((at, offset)) = self.timed.first().copied()
            && at <= now
        {
            self.set(offset, State::Ready(turn));
        }
    }

    /// Which one is the next to begin.
    pub(super) fn next(&self) -> Option<(Offset, Option<&String>)> {
        let (_, offset) = self.ready.first()?;
        Some((*offset, self.items.get(offset)?.subject.as_ref()))
    }

    /// Nothing of this one's subject begins before then. One that shares its lane with no other waits alone.
    pub(super) fn hold(&mut self, offset: Offset, until: Timestamp) {
        let Some(item) = self.items.get(&offset) else { return };
        let Some(key) = Key::of(self.ordered, item.subject.as_deref()) else {
            return self.set(offset, State::Until(until));
        };
        if let Some(lane) = self.lanes.get_mut(&key) {
            if let Some(before) = lane.held_until.replace(until) {
                self.held.remove(&(before, key.clone()));
            }
            self.held.insert((until, key.clone()));
            self.refresh(&key);
        }
    }

    /// The next one begins.
    pub(super) fn begin(&mut self) -> Option<Begun<E>> {
        let (_, offset) = *self.ready.first()?;
        self.set(offset, State::Running);
        let item = self.items.get(&offset)?;
        Some(Begun { offset, subject: item.subject.clone(), fresh: item.fresh.clone() })
    }

    /// It is over, without anything to be written down.
    pub(super) fn remove(&mut self, offset: Offset) {
        let Some(item) = self.items.get(&offset) else { return };
        let key = Key::of(self.ordered, item.subject.as_deref());
        self.unlist(offset);
        let Some(item) = self.items.remove(&offset) else { return };
        self.uncount(&item);
        let Some(key) = key else { return };
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.remove(offset);
            if lane.is_empty()
                && let Some(lane) = self.lanes.remove(&key)
            {
                if let Some(until) = lane.held_until {
                    self.held.remove(&(until, key));
                }
                return;
            }
        }
        self.refresh(&key);
    }

    /// How it stands is being written down. `next`: what it is to do then; `None`: it is over.
    pub(super) fn save(&mut self, offset: Offset, next: Option<Next>) {
        self.set(offset, State::Saving(next));
        let Some(item) = self.items.get_mut(&offset) else { return };
        item.is_early = false;
        if item.fresh.take().is_some() {
            self.waiting -= 1;
            self.kept += 1;
        }
    }

    /// It is written down.
    pub(super) fn saved(&mut self, offset: Offset) {
        match self.items.get(&offset).map(|item| item.state) {
            Some(State::Saving(Some(next))) => self.set(offset, waiting_for(next)),
            Some(State::Saving(None)) => self.remove(offset),
            _ => {}
        }
    }

    /// The host could not try it now.
    pub(super) fn again_at(&mut self, offset: Offset, at: Timestamp) {
        self.set(offset, State::Until(at));
    }

    /// The endpoint is back: what waits for its time is ready now, but each only once before its time.
    pub(super) fn forward(&mut self) {
        self.turn.0 += 1;
        let (turn, timed) = (self.turn, std::mem::take(&mut self.timed));
        for (at, offset) in timed {
            match self.items.get_mut(&offset) {
                Some(item) if item.was_forwarded => _ = self.timed.insert((at, offset)),
                Some(item) => {
                    (item.was_forwarded, item.is_early) = (true, true);
                    self.set(offset, State::Ready(turn));
                }
                None => {}
            }
        }
    }

    /// What was tried before its time in vain may be so again: that was not its own fault.
    pub(super) fn forgive(&mut self) {
        self.items.values_mut().for_each(|item| item.was_forwarded = false);
    }

    /// The clock was set back: what was to come by it comes now, since nobody knows how long it has waited.
    pub(super) fn clock_was_set_back(&mut self) {
        for (_, key) in std::mem::take(&mut self.held) {
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.held_until = None;
                self.refresh(&key);
            }
        }
        self.hurry();
    }

    /// All that waits for its time is ready.
    pub(super) fn hurry(&mut self) {
        self.forgive();
        self.forward();
        self.forgive();
    }

    /// What waits for an activation is ready.
    pub(super) fn activated(&mut self) {
        self.turn.0 += 1;
        let waiting = self.items.iter().filter(|(_, item)| item.state == State::Activation);
        let waiting: Vec<_> = waiting.map(|(offset, _)| *offset).collect();
        waiting.into_iter().for_each(|offset| self.set(offset, State::Ready(self.turn)));
    }

    /// One that was saved to wait for an activation need not: there has been one meanwhile.
    pub(super) fn has_missed(&mut self, offset: Offset, now: Timestamp) {
        if let Some(Item { state: state @ State::Saving(Some(Next::Activation)), .. }) = self.items.get_mut(&offset) {
            *state = State::Saving(Some(Next::At(now)));
        }
    }

    /// When time alone changes something. What is ready is not meant.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        let held = self.held.first().map(|(until, _)| *until);
        self.timed.first().map(|(at, _)| *at).into_iter().chain(held).min()
    }

    /// Forgets all that were not tried yet, and all after this offset.
    pub(super) fn forget_after(&mut self, after: Offset) {
        let goes = |(offset, item): (&Offset, &Item<E>)| (*offset > after || item.fresh.is_some()).then_some(*offset);
        let going: Vec<_> = self.items.iter().filter_map(goes).collect();
        going.into_iter().for_each(|offset| self.remove(offset));
    }

    /// From now on in this order.
    pub(super) fn set_ordered(&mut self, ordered: bool) {
        if self.ordered == ordered {
            return;
        }
        let mut other = Self::new(ordered);
        other.turn = self.turn;
        std::mem::take(&mut self.items).into_iter().for_each(|(offset, item)| other.insert(offset, item));
        *self = other;
    }

    fn insert(&mut self, offset: Offset, item: Item<E>) {
        self.remove(offset);
        let key = Key::of(self.ordered, item.subject.as_deref());
        let count = if item.fresh.is_some() { &mut self.waiting } else { &mut self.kept };
        *count += 1;
        let state = item.state;
        self.items.insert(offset, item);
        if let Some(key) = key {
            self.lanes.entry(key).or_default().insert(offset);
        }
        self.set(offset, state);
    }

    fn uncount(&mut self, item: &Item<E>) {
        let count = if item.fresh.is_some() { &mut self.waiting } else { &mut self.kept };
        *count -= 1;
    }

    fn unlist(&mut self, offset: Offset) {
        match self.items.get(&offset).map(|item| item.state) {
            Some(State::Until(at)) => _ = self.timed.remove(&(at, offset)),
            Some(State::Ready(turn)) => _ = self.ready.remove(&(turn, offset)),
            _ => {}
        }
    }

    fn set(&mut self, offset: Offset, state: State) {
        self.unlist(offset);
        let Some(item) = self.items.get_mut(&offset) else { return };
        item.state = state;
        if let State::Until(at) = state {
            self.timed.insert((at, offset));
        }
        match (Key::of(self.ordered, item.subject.as_deref()), state) {
            (None, State::Ready(turn)) => _ = self.ready.insert((turn, offset)),
            (None, _) => {}
            (Some(key), state) => {
                let lane = self.lanes.entry(key.clone()).or_default();
                lane.set(offset, matches!(state, State::Ready(_)), state == State::Running);
                self.refresh(&key);
            }
        }
    }

    /// Says anew which one of a lane may begin.
    fn refresh(&mut self, key: &Key) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        let candidate = lane.candidate(self.ordered);
        let before = std::mem::replace(&mut lane.shown, candidate);
        for (offset, is_ready) in
            before.map(|offset| (offset, false)).into_iter().chain(candidate.map(|offset| (offset, true)))
        {
            let Some(State::Ready(turn)) = self.items.get(&offset).map(|item| item.state) else { continue };
            if is_ready {
                self.ready.insert((turn, offset));
            } else {
                self.ready.remove(&(turn, offset));
            }
        }
    }
}

const fn waiting_for(next: Next) -> State {
    match next {
        Next::At(at) => State::Until(at),
        Next::Activation => State::Activation,
    }
}
