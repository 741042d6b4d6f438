//! How a page is filled: the same for every backend.

use hookyard_domain::event::{LoggedEvent, Offset};
use hookyard_domain::limit;

use crate::ledger::{EventPage, KeyPage};

/// A page of events that fills up as the log is read on.
pub(crate) struct EventPageBuilder {
    page: EventPage,
    limit: usize,
    scanned: usize,
    bytes: usize,
}

impl EventPageBuilder {
    pub(crate) fn new(after: Offset, limit: usize) -> Self {
        let limit = limit.clamp(1, limit::EVENTS_PAGE_MAX);
        Self { page: EventPage { events: Vec::new(), next: after }, limit, scanned: 0, bytes: 0 }
    }

    /// Most events that this page looks at.
    pub(crate) const fn scan_max() -> usize {
        limit::EVENTS_SCANNED_MAX
    }

    /// Whether another event may be looked at.
    pub(crate) fn has_room(&self) -> bool {
        self.page.events.len() < self.limit
            && self.scanned < Self::scan_max()
            && self.bytes < limit::EVENTS_PAGE_BYTES_MAX
    }

    /// The event at this offset does not pass the filter.
    pub(crate) fn skip(&mut self, offset: Offset) {
        self.scanned += 1;
        self.page.next = offset;
    }

    /// This event passes the filter.
    pub(crate) fn take(&mut self, event: LoggedEvent) {
        self.scanned += 1;
        self.bytes += event.event.data.get().len();
        self.page.next = event.offset;
        self.page.events.push(event);
    }

    /// The page, when no event is left to look at: the next one goes on behind `newest`.
    pub(crate) fn at_end(mut self, newest: Offset) -> EventPage {
        self.page.next = self.page.next.max(newest);
        self.page
    }

    /// The page, when there may be more.
    pub(crate) fn full(self) -> EventPage {
        self.page
    }
}

/// A page of keys that fills up as they are read in byte order.
pub(crate) struct KeyPageBuilder {
    keys: Vec<String>,
    max: usize,
    scanned: usize,
    last: Option<String>,
}

impl KeyPageBuilder {
    pub(crate) fn new(max: usize) -> Self {
        Self { keys: Vec::new(), max: max.clamp(1, limit::KV_PAGE_MAX), scanned: 0, last: None }
    }

    /// Whether another key may be looked at.
    pub(crate) fn has_room(&self) -> bool {
        self.keys.len() < self.max && self.scanned < limit::KEYS_SCANNED_MAX
    }

    /// Looks at the next key.
    pub(crate) fn look_at(&mut self, key: &str, expired: bool) {
        self.scanned += 1;
        if !expired {
            self.keys.push(key.to_owned());
        }
        if !self.has_room() {
            self.last = Some(key.to_owned());
        }
    }

    /// The page, when no key is left.
    pub(crate) fn at_end(self) -> KeyPage {
        KeyPage { keys: self.keys, next: None }
    }

    /// The page, when at least one key is left.
    pub(crate) fn full(self) -> KeyPage {
        KeyPage { keys: self.keys, next: self.last }
    }
}
