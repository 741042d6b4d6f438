//! The events of one subject, in the order of the log.

use std::collections::BTreeSet;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::event::Offset;

/// Which lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key(Option<String>);

impl Key {
    /// The lane of a subject; `None`: it shares a lane with no other. Without a subject, events wait for each other only where
    /// the subscription is ordered.
    pub(super) fn of(ordered: bool, subject: Option<&str>) -> Option<Self> {
        (ordered || subject.is_some()).then(|| Self(subject.map(str::to_owned)))
    }
}

/// One lane.
#[derive(Debug, Default)]
pub(super) struct Lane {
    all: BTreeSet<Offset>,
    ready: BTreeSet<Offset>,
    running: Option<Offset>,
    /// Nothing of it begins before then.
    pub(super) held_until: Option<Timestamp>,
    /// The one that is shown as ready.
    pub(super) shown: Option<Offset>,
}

impl Lane {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn first(&self) -> Option<Offset> {
        self.all.first().copied()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Offset> {
        self.all.iter().copied()
    }

    pub(super) fn insert(&mut self, offset: Offset) {
        self.all.insert(offset);
    }

    pub(super) fn remove(&mut self, offset: Offset) {
        self.set(offset, false, false);
        self.all.remove(&offset);
    }

    pub(super) fn set(&mut self, offset: Offset, is_ready: bool, is_running: bool) {
        if is_ready {
            self.ready.insert(offset);
        } else {
            self.ready.remove(&offset);
        }
        if is_running {
            self.running = Some(offset);
        } else if self.running == Some(offset) {
            self.running = None;
        }
    }

    /// The one that may begin.
    pub(super) fn candidate(&self, ordered: bool) -> Option<Offset> {
        if self.running.is_some() || self.held_until.is_some() {
            return None;
        }
        match ordered {
            true => self.first().filter(|first| self.ready.contains(first)),
            false => self.ready.first().copied(),
        }
    }
}
