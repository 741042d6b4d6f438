//! What an invocation wants of timers, and how many its connection would have.

use std::collections::{BTreeMap, BTreeSet};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::Write;
use hookyard_domain::limit;

use crate::refusal::Refusal;

/// What a timer becomes with the commit.
#[derive(Debug)]
pub(super) enum Wish {
    /// It is started, in place of one of its name.
    Start { due_at: Timestamp, payload: String },
    /// It is gone.
    Cancel,
}

/// The timers that an invocation has touched, by name.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    touched: BTreeMap<String, Touched>,
    /// The names that the connection would have if this were committed now; unknown until one is started.
    names: Option<BTreeSet<String>>,
}

#[derive(Debug, Default)]
struct Touched {
    wish: Option<Wish>,
    cost: usize,
}

impl Wishes {
    /// Counts the timer among those that the invocation touches.
    pub(super) fn touch(&mut self, name: &str) -> Result<(), Refusal> {
        if self.touched.contains_key(name) {
            return Ok(());
        }
        if self.touched.len() >= limit::TIMERS_TOUCHED_MAX {
            return Err(Refusal::too_many(format!(
                "an invocation may start and cancel {} timers",
                limit::TIMERS_TOUCHED_MAX
            )));
        }
        self.touched.insert(name.to_owned(), Touched::default());
        Ok(())
    }

    /// Whether [`Self::count`] is yet to be called.
    pub(super) fn count_is_unknown(&self) -> bool {
        self.names.is_none()
    }

    /// Learns which timers are there; what was wished before comes on top.
    pub(super) fn count(&mut self, names: impl Iterator<Item = String>) {
        let mut names: BTreeSet<String> = names.collect();
        for (name, touched) in &self.touched {
            match touched.wish {
                Some(Wish::Start { .. }) => drop(names.insert(name.clone())),
                Some(Wish::Cancel) => drop(names.remove(name)),
                None => {}
            }
        }
        self.names = Some(names);
    }

    /// Whether the connection may have this timer besides its others.
    pub(super) fn room_for(&self, name: &str) -> Result<(), Refusal> {
        let names = self.names.as_ref();
        if names.is_some_and(|names| names.len() >= limit::TIMERS_MAX && !names.contains(name)) {
            return Err(Refusal::too_many(format!(
                "the connection has {} timers, which are the most; {name:?} was not started",
                limit::TIMERS_MAX
            )));
        }
        Ok(())
    }

    /// Bytes of the commit that the timer takes so far.
    pub(super) fn cost(&self, name: &str) -> usize {
        self.touched.get(name).map_or(0, |touched| touched.cost)
    }

    /// Replaces what the invocation wants of a touched timer.
    pub(super) fn wish(&mut self, name: String, wish: Wish, cost: usize) {
        if let Some(names) = &mut self.names {
            match wish {
                Wish::Start { .. } => drop(names.insert(name.clone())),
                Wish::Cancel => drop(names.remove(&name)),
            }
        }
        self.touched.insert(name, Touched { wish: Some(wish), cost });
    }

    /// One write for each timer that was started or cancelled.
    pub(crate) fn into_writes(self) -> impl Iterator<Item = Write> {
        self.touched.into_iter().filter_map(|(name, touched)| {
            Some(match touched.wish? {
                Wish::Start { due_at, payload } => Write::StartTimer { name, due_at, payload },
                Wish::Cancel => Write::CancelTimer { name },
            })
        })
    }
}
