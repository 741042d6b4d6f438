//! What one connection has to do.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::inbox::{Next, Place};

use super::line::Line;
use super::{Ended, Item, KINDS, TIMER};

/// The items of a connection, and the lines before its order keys.
#[derive(Debug, Default)]
pub(super) struct Work {
    items: HashMap<Item, Entry>,
    lines: HashMap<Arc<str>, Line>,
    /// Items that may run when their time has come: they run not yet and stand first in their line, if in any. By their kind.
    due: [BTreeSet<(Timestamp, Item)>; KINDS],
    running: [usize; KINDS],
    /// The kind that was taken last.
    last: Option<usize>,
    paused: bool,
    /// Counts how often it was said that the connection may work again.
    changes: u64,
    /// Counts activations.
    activations: u64,
    /// Counts how often something began to wait for an activation.
    awaited: i64,
    /// How the connection is announced to the clockwork.
    pub(super) announced: Option<Announced>,
}

/// How many items of a connection run, and when the next one is due.
pub(super) type Announced = (usize, Timestamp);

#[derive(Debug)]
struct Entry {
    order_key: Option<Arc<str>>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Waits(Timestamp),
    /// It waits for the activation, and is due then as if since this time: whoever has waited for longest goes first.
    Awaits(Timestamp),
    /// It does not run by itself; whoever stands behind it waits.
    Blocks,
    Runs {
        /// When it was due.
        since: Timestamp,
        /// What was decided about it meanwhile.
        meanwhile: Option<Decision>,
        /// How many changes and activations there had been when it began.
        began: (u64, u64),
    },
}

#[derive(Debug, Clone, Copy)]
enum Decision {
    Put(Option<Next>),
    Remove,
}

impl Work {
    /// When something is due that may run, given that so many may run at a time; and how many do.
    pub(super) fn next_due(&self, at_once: usize) -> Option<Announced> {
        let running = self.running.iter().sum();
        if self.paused || running >= at_once {
            return None;
        }
        let first = (0..KINDS).filter(|kind| self.has_room(*kind, at_once)).filter_map(|kind| self.due[kind].first());
        Some((running, first.map(|(at, _)| *at).min()?))
    }

    /// Whether another item of this kind may run. Timers leave room for a webhook, if there is any.
    const fn has_room(&self, kind: usize, at_once: usize) -> bool {
        kind != TIMER || at_once <= 1 || self.running[TIMER] < at_once - 1
    }

    /// Whether nothing is left of it.
    pub(super) fn is_over(&self) -> bool {
        self.items.is_empty() && self.lines.is_empty()
    }

    /// The connection may work again. What runs may have begun before and not know of it yet.
    pub(super) const fn resume(&mut self) {
        self.paused = false;
        self.changes += 1;
    }

    /// The line before an order key; it is made if there is none.
    pub(super) fn line(&mut self, order_key: &str) -> (Arc<str>, &mut Line) {
        let key = match self.lines.get_key_value(order_key) {
            Some((key, _)) => Arc::clone(key),
            None => Arc::from(order_key),
        };
        (Arc::clone(&key), self.lines.entry(key).or_default())
    }

    pub(super) fn line_before(&self, order_key: &str, place: Place) -> Option<&Item> {
        self.lines.get(order_key)?.before(place)
    }

    /// Whether an item is on.
    pub(super) fn has(&self, item: &Item) -> bool {
        self.items.contains_key(item)
    }

    /// Puts an item on, or decides anew about one that is on.
    pub(super) fn put(&mut self, item: Item, order_key: Option<&str>, next: Option<Next>) {
        if let Some(Entry { stage: Stage::Runs { meanwhile, .. }, .. }) = self.items.get_mut(&item) {
            *meanwhile = Some(Decision::Put(next));
            return;
        }
        self.unschedule(&item);
        let key = match (order_key, item.place()) {
            (Some(order_key), Some(place)) => {
                let (key, line) = self.line(order_key);
                line.keep(place, item.clone());
                Some(key)
            }
            _ => None,
        };
        let (put, stage) = (item.clone(), self.stage(next));
        self.items.insert(item, Entry { order_key: key.clone(), stage });
        self.reschedule(&put, key.as_deref());
    }

    pub(super) fn remove(&mut self, item: &Item) {
        match self.items.get_mut(item) {
            Some(Entry { stage: Stage::Runs { meanwhile, .. }, .. }) => *meanwhile = Some(Decision::Remove),
            Some(_) => self.drop_item(item),
            None => {}
        }
    }

    /// Nothing is left but what runs.
    pub(super) fn forget(&mut self) {
        let items: Vec<_> = self.items.keys().cloned().collect();
        items.iter().for_each(|item| self.remove(item));
    }

    /// What waits for the activation waits no longer, nor does what runs now and ends by waiting for it.
    pub(super) fn activated(&mut self) {
        self.activations += 1;
        let awaits = |(item, entry): (&Item, &Entry)| match entry.stage {
            Stage::Awaits(since) => Some((item.clone(), since)),
            _ => None,
        };
        let waiting: Vec<_> = self.items.iter().filter_map(awaits).collect();
        for (item, since) in waiting {
            self.wait(&item, Stage::Waits(since));
        }
    }

    /// Takes the item that has been due for longest, if one is due at `now`. It runs until it has [ended](Self::ended). While both
    /// webhooks and timers are due, neither kind keeps the other from running, however many there are.
    pub(super) fn take(&mut self, now: Timestamp, at_once: usize) -> Option<Item> {
        let first = |kind: usize| {
            let (at, _) = self.due[kind].first().filter(|(at, _)| *at <= now)?;
            Some((self.running[kind], self.last == Some(kind), *at, kind))
        };
        let (_, _, _, kind) = (0..KINDS).filter(|kind| self.has_room(*kind, at_once)).filter_map(first).min()?;
        let (at, item) = self.due[kind].pop_first()?;
        self.last = Some(kind);
        let entry = self.items.get_mut(&item)?;
        entry.stage = Stage::Runs { since: at, meanwhile: None, began: (self.changes, self.activations) };
        if let (Some(key), Some(place)) = (&entry.order_key, item.place())
            && let Some(line) = self.lines.get_mut(key)
        {
            line.eligible = None;
            line.run(place);
        }
        self.running[kind] += 1;
        Some(item)
    }

    /// An item that ran runs no more.
    pub(super) fn ended(&mut self, item: &Item, ended: Ended) {
        let Some(Entry { stage: Stage::Runs { since, meanwhile, began }, order_key }) = self.items.get(item) else {
            return;
        };
        let (since, meanwhile, began, order_key) = (*since, *meanwhile, *began, order_key.clone());
        self.running[item.kind()] -= 1;
        if let (Some(key), Some(place)) = (&order_key, item.place())
            && let Some(line) = self.lines.get_mut(key)
        {
            line.rest(place);
        }
        if matches!(ended, Ended::Paused) && began.0 == self.changes {
            self.paused = true;
        }
        let stage = match (meanwhile, ended) {
            (Some(Decision::Remove), _) | (None, Ended::Done) => return self.drop_item(item),
            (Some(Decision::Put(next)), _) => self.stage(next),
            (None, Ended::Again(next)) => self.stage(Some(next)),
            (None, Ended::Blocks) => Stage::Blocks,
            (None, Ended::Later(at)) => Stage::Waits(at),
            (None, Ended::Paused) => Stage::Waits(since),
            (None, Ended::Refused) => Stage::Awaits(since),
        };
        let stage = match stage {
            Stage::Awaits(_) if began.1 != self.activations => Stage::Waits(AT_ONCE),
            stage => stage,
        };
        self.wait(item, stage);
    }

    /// Something about the line has changed: whoever is first now may go.
    pub(super) fn refresh(&mut self, order_key: &str) {
        let Some(line) = self.lines.get_mut(order_key) else { return };
        let before = line.eligible.take();
        line.eligible = line.next();
        let now = line.eligible.clone();
        if line.is_empty() {
            self.lines.remove(order_key);
        }
        if let Some(item) = before {
            self.unschedule(&item);
        }
        if let Some(item) = now {
            self.schedule(&item);
        }
    }

    fn wait(&mut self, item: &Item, stage: Stage) {
        self.unschedule(item);
        let Some(entry) = self.items.get_mut(item) else { return };
        entry.stage = stage;
        let key = entry.order_key.clone();
        self.reschedule(item, key.as_deref());
    }

    fn drop_item(&mut self, item: &Item) {
        self.unschedule(item);
        let Some(entry) = self.items.remove(item) else { return };
        if let (Some(key), Some(place)) = (entry.order_key, item.place()) {
            if let Some(line) = self.lines.get_mut(&key) {
                line.leave(place);
            }
            self.refresh(&key);
        }
    }

    fn reschedule(&mut self, item: &Item, order_key: Option<&str>) {
        match order_key {
            Some(key) => self.refresh(key),
            None => self.schedule(item),
        }
    }

    fn schedule(&mut self, item: &Item) {
        if let Some(Entry { stage: Stage::Waits(at), .. }) = self.items.get(item) {
            self.due[item.kind()].insert((*at, item.clone()));
        }
    }

    fn unschedule(&mut self, item: &Item) {
        if let Some(Entry { stage: Stage::Waits(at), .. }) = self.items.get(item) {
            self.due[item.kind()].remove(&(*at, item.clone()));
        }
    }

    const fn stage(&mut self, next: Option<Next>) -> Stage {
        match next {
            Some(Next::At(at)) => Stage::Waits(at),
            Some(Next::Activation) => {
                self.awaited += 1;
                Stage::Awaits(Timestamp::from_millis(FIRST_AWAITED + self.awaited))
            }
            None => Stage::Blocks,
        }
    }
}

/// Before everything that has a time.
pub(super) const AT_ONCE: Timestamp = Timestamp::from_millis(0);

/// What has waited for an activation is due before everything else. Those that have been refused again stand behind the others, so
/// that a few which the provider never accepts do not keep the others from being tried.
const FIRST_AWAITED: i64 = i64::MIN / 2;
