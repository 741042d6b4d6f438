//! Those who stand in line for one order key, in the order of their places.

use std::collections::BTreeMap;

use hookyard_domain::inbox::Place;
use tokio::sync::oneshot;

use super::Item;

/// One line. Whoever is active has the key; the others wait. While nobody is, the first one may become so.
#[derive(Debug, Default)]
pub(super) struct Line {
    occupants: BTreeMap<Place, Occupant>,
    active: Option<Place>,
    calls: usize,
    /// The kept item that stands first while nobody is active.
    pub(super) eligible: Option<Item>,
}

#[derive(Debug)]
enum Occupant {
    /// A webhook or an action that somebody carries. It has a sender until it is called.
    Call(Option<oneshot::Sender<()>>),
    /// A webhook of the inbox, whose time may not have come yet.
    Kept(Item),
}

impl Line {
    /// Calls in it, running or waiting.
    pub(super) const fn calls(&self) -> usize {
        self.calls
    }

    pub(super) fn is_empty(&self) -> bool {
        self.occupants.is_empty()
    }

    /// A call takes its place. `None`: the key is its own at once; else it is told when its turn has come.
    pub(super) fn enter(&mut self, place: Place) -> Option<oneshot::Receiver<()>> {
        self.calls += 1;
        if self.occupants.is_empty() {
            self.occupants.insert(place, Occupant::Call(None));
            self.active = Some(place);
            return None;
        }
        let (call, called) = oneshot::channel();
        self.occupants.insert(place, Occupant::Call(Some(call)));
        Some(called)
    }

    /// A kept item takes its place, or the call that stands there becomes one.
    pub(super) fn keep(&mut self, place: Place, item: Item) {
        self.leave(place);
        self.occupants.insert(place, Occupant::Kept(item));
    }

    /// Whoever stands there goes.
    pub(super) fn leave(&mut self, place: Place) {
        if let Some(Occupant::Call(_)) = self.occupants.remove(&place) {
            self.calls -= 1;
        }
        self.rest(place);
    }

    /// The kept item that stands there runs: it has the key.
    pub(super) fn run(&mut self, place: Place) {
        self.active = Some(place);
    }

    /// Whoever stands there gives the key back, but not its place.
    pub(super) fn rest(&mut self, place: Place) {
        if self.active == Some(place) {
            self.active = None;
        }
    }

    /// Calls the first one if nobody is active and it is a call; says which kept item may run, if it is one.
    pub(super) fn next(&mut self) -> Option<Item> {
        while self.active.is_none() {
            let mut first = self.occupants.first_entry()?;
            match first.get_mut() {
                Occupant::Kept(item) => return Some(item.clone()),
                Occupant::Call(call) => {
                    if call.take().is_none_or(|call| call.send(()).is_ok()) {
                        self.active = Some(*first.key());
                    } else {
                        // It has given up.
                        self.calls -= 1;
                        first.remove();
                    }
                }
            }
        }
        None
    }

    /// The kept item that stands first, if it stands before this place.
    pub(super) fn before(&self, place: Place) -> Option<&Item> {
        match self.occupants.range(..place).next() {
            Some((_, Occupant::Kept(item))) => Some(item),
            Some((_, Occupant::Call(_))) | None => None,
        }
    }
}
