//! How far a subscription's cursor may move.

use std::collections::BTreeMap;

use hookyard_domain::event::Offset;
use hookyard_domain::limit;

/// The events that were taken from the log and that the cursor has not passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Every matching event up to here was taken.
    read: Offset,
    /// Those taken, from the first on that is open; `true`: it is closed, because it was delivered or is written down.
    taken: BTreeMap<Offset, bool>,
}

impl Window {
    /// Everything up to `cursor` is over, and nothing after it was looked at.
    pub(super) const fn at(cursor: Offset) -> Self {
        Self { read: cursor, taken: BTreeMap::new() }
    }

    /// Up to where the log was looked at.
    pub(super) const fn read(&self) -> Offset {
        self.read
    }

    /// No matching event up to here is left to be taken.
    pub(super) fn pass(&mut self, through: Offset) {
        self.read = self.read.max(through);
    }

    /// An event is on its way.
    pub(super) fn take(&mut self, offset: Offset) {
        self.pass(offset);
        self.taken.insert(offset, false);
    }

    /// An event was delivered, or is about to be written down together with [`cursor`](Self::cursor).
    pub(super) fn close(&mut self, offset: Offset) {
        if let Some(closed) = self.taken.get_mut(&offset) {
            *closed = true;
        }
        while self.taken.first_key_value().is_some_and(|(_, closed)| *closed) {
            self.taken.pop_first();
        }
    }

    /// It could not be written down.
    pub(super) fn reopen(&mut self, offset: Offset) {
        self.taken.insert(offset, false);
    }

    /// Whether the event is neither delivered nor written down.
    pub(super) fn is_open(&self, offset: Offset) -> bool {
        self.taken.get(&offset) == Some(&false)
    }

    /// Whether everything that was taken is over.
    pub(super) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// How many more events may be taken.
    pub(super) fn room(&self) -> usize {
        limit::DELIVERY_WINDOW_MAX.saturating_sub(self.taken.len())
    }

    /// The highest offset up to which every matching event was delivered or is written down.
    pub(super) fn cursor(&self) -> Offset {
        match self.taken.first_key_value() {
            Some((first, _)) => Offset(first.0.saturating_sub(1)),
            None => self.read,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        /// Takes the event that stands so much further on.
        Take(u64),
        Pass(u64),
        /// Closes the n-th of those that are open.
        Close(usize),
        /// Reopens the n-th of those that are closed.
        Reopen(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (1_u64..4).prop_map(Step::Take),
            1 => (0_u64..4).prop_map(Step::Pass),
            3 => any::<prop::sample::Index>().prop_map(|index| Step::Close(index.index(64))),
            1 => any::<prop::sample::Index>().prop_map(|index| Step::Reopen(index.index(64))),
        ];
        prop::collection::vec(step, 0..64)
    }

    proptest! {
        #[test]
        fn the_cursor_passes_nothing_that_is_open_and_everything_else(steps in steps()) {
            let mut window = Window::at(Offset(10));
            let (mut read, mut open, mut closed) = (10_u64, BTreeSet::new(), BTreeSet::new());
            for step in steps {
                match step {
                    Step::Take(on) => {
                        read += on;
                        open.insert(read);
                        window.take(Offset(read));
                    }
                    Step::Pass(on) => {
                        read += on;
                        window.pass(Offset(read));
                    }
                    Step::Close(nth) => if let Some(offset) = open.iter().copied().nth(nth) {
                        open.remove(&offset);
                        closed.insert(offset);
                        window.close(Offset(offset));
                    }
                    Step::Reopen(nth) => if let Some(offset) = closed.iter().copied().nth(nth) {
                        closed.remove(&offset);
                        open.insert(offset);
                        window.reopen(Offset(offset));
                    }
                }
                prop_assert_eq!(window.cursor(), Offset(open.first().map_or(read, |first| first - 1)));
                prop_assert_eq!(window.is_empty(), open.is_empty());
                prop_assert!(open.iter().all(|offset| window.is_open(Offset(*offset))));
            }
        }
    }

    #[test]
    fn one_that_hangs_bounds_how_many_pass_it() {
        let mut window = Window::at(Offset::START);
        window.take(Offset(1));
        for offset in 2..=limit::DELIVERY_WINDOW_MAX as u64 {
            window.take(Offset(offset));
            window.close(Offset(offset));
        }
        assert_eq!((window.room(), window.cursor()), (0, Offset::START));
        window.close(Offset(1));
        assert_eq!((window.room(), window.cursor()), (limit::DELIVERY_WINDOW_MAX, Offset(4_096)));
    }
}
