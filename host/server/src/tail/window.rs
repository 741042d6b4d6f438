//! The last events of the log, as many as are kept.

use std::collections::VecDeque;
use std::sync::Arc;

use hookyard_domain::event::Offset;
use hookyard_domain::limit;

use super::{Recent, TailEvent};

/// Every event after `base` up to `through`, in order.
#[derive(Debug)]
pub(super) struct Window {
    base: Offset,
    events: VecDeque<Arc<TailEvent>>,
    through: Offset,
    /// Of the data of all of them.
    bytes: usize,
}

impl Window {
    /// Nothing is kept; it goes on behind this offset.
    pub(super) const fn empty_at(offset: Offset) -> Self {
        Self { base: offset, events: VecDeque::new(), through: offset, bytes: 0 }
    }

    /// Up to where it goes.
    pub(super) const fn through(&self) -> Offset {
        self.through
    }

    /// Takes what comes behind it, up to `through`, and lets the oldest go.
    pub(super) fn extend(&mut self, events: impl IntoIterator<Item = Arc<TailEvent>>, through: Offset) {
        for event in events {
            self.bytes += data_bytes(&event);
            self.events.push_back(event);
        }
        self.through = through;
        // The newest stays, however large it is: it is what everybody waits for.
        while self.events.len() > 1
            && (self.events.len() > limit::TAIL_EVENTS_MAX || self.bytes > limit::TAIL_BYTES_MAX)
        {
            if let Some(oldest) = self.events.pop_front() {
                self.bytes -= data_bytes(&oldest);
                self.base = oldest.logged.offset;
            }
        }
    }

    /// Up to `max` events after this offset.
    pub(super) fn after(&self, after: Offset, max: usize) -> Recent {
        if after < self.base {
            return Recent::Older;
        }
        let first = self.events.partition_point(|event| event.logged.offset <= after);
        let events: Vec<_> = self.events.range(first..).take(max).cloned().collect();
        let through = match first + events.len() < self.events.len() {
            true => events.last().map_or(after, |last| last.logged.offset),
            false => self.through.max(after),
        };
        Recent::Events { events, through }
    }
}

fn data_bytes(event: &TailEvent) -> usize {
    event.logged.event.data.get().len()
}
