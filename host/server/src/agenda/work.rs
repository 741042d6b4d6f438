//! What one connection has to do.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::inbox::{Next, Place};

use super::line::Line;
use super::{Ended, Item};

/// The items of a connection, and the lines before its order keys.
#[derive(Debug, Default)]
pub(super) struct Work {
    items: HashMap<Item, Entry>,
    lines: HashMap<Arc<str>, Line>,
    /// Items that may run when their time has come: they run not yet and stand first in their line, if in any.
    due: BTreeSet<(Timestamp, Item)>,
    running: usize,
    paused: bool,
    /// Counts how often it was said that the connection may work again.
    changes: u64,
    /// Counts activations.
    activations: u64,
    /// Under which time the connection is announced to the clockwork.
    pub(super) announced: Option<Timestamp>,
}

#[derive(Debug)]
struct Entry {
    order_key: Option<Arc<str>>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Waits(Next),
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
    /// When something is due that may run, given that so many may run at a time.
    pub(super) fn next_due(&self, at_once: usize) -> Option<Timestamp> {
        if self.paused || self.running >= at_once {
            return None;
        }
        self.due.first().map(|(at, _)| *at)
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
        let put = item.clone();
        self.items.insert(item, Entry { order_key: key.clone(), stage: stage(next) });
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
        let awaits = |entry: &Entry| matches!(entry.stage, Stage::Waits(Next::Activation));
        let waiting: Vec<_> =
            self.items.iter().filter(|(_, entry)| awaits(entry)).map(|(item, _)| item.clone()).collect();
        for item in waiting {
            self.wait(&item, Stage::Waits(AT_ONCE));
        }
    }

    /// Takes the item that has been due for longest, if one is due at `now`. It runs until it has [ended](Self::ended).
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Item> {
        let (at, item) = self.due.first().filter(|(at, _)| *at <= now)?.clone();
        self.due.pop_first();
        let entry = self.items.get_mut(&item)?;
        entry.stage = Stage::Runs { since: at, meanwhile: None, began: (self.changes, self.activations) };
        if let (Some(key), Some(place)) = (&entry.order_key, item.place())
            && let Some(line) = self.lines.get_mut(key)
        {
            line.eligible = None;
            line.run(place);
        }
        self.running += 1;
        Some(item)
    }

    /// An item that ran runs no more.
    pub(super) fn ended(&mut self, item: &Item, ended: Ended) {
        let Some(Entry { stage: Stage::Runs { since, meanwhile, began }, order_key }) = self.items.get(item) else {
            return;
        };
        let (since, meanwhile, began, order_key) = (*since, *meanwhile, *began, order_key.clone());
        self.running -= 1;
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
            (Some(Decision::Put(next)), _) => stage(next),
            (None, Ended::Again(next)) => Stage::Waits(next),
            (None, Ended::Blocks) => Stage::Blocks,
            (None, Ended::Later(at)) => Stage::Waits(Next::At(at)),
            (None, Ended::Paused) => Stage::Waits(Next::At(since)),
        };
        let stage = match stage {
            Stage::Waits(Next::Activation) if began.1 != self.activations => Stage::Waits(AT_ONCE),
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
        if let Some(Entry { stage: Stage::Waits(Next::At(at)), .. }) = self.items.get(item) {
            self.due.insert((*at, item.clone()));
        }
    }

    fn unschedule(&mut self, item: &Item) {
        if let Some(Entry { stage: Stage::Waits(Next::At(at)), .. }) = self.items.get(item) {
            self.due.remove(&(*at, item.clone()));
        }
    }
}

/// Before everything that has a time.
const AT_ONCE: Next = Next::At(Timestamp::from_millis(0));

const fn stage(next: Option<Next>) -> Stage {
    match next {
        Some(next) => Stage::Waits(next),
        None => Stage::Blocks,
    }
}
