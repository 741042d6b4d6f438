//! How a page is filled: the same for every backend.

use hookyard_domain::delivery::{Delivery, DeliveryFilter, DeliveryState};
use hookyard_domain::event::{LoggedEvent, Offset};
use hookyard_domain::inbox::{InboxEntry, Place, WebhookFilter};
use hookyard_domain::limit;
use hookyard_domain::timer::Timer;

use crate::deliveries::{DeliveryPage, ListPlace};
use crate::inbox::WebhookPage;
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

/// A page of kept webhooks that fills up as the inbox is read backwards.
pub(crate) struct WebhookPageBuilder {
    webhooks: Vec<InboxEntry>,
    limit: usize,
    scanned: usize,
    bytes: usize,
    last: Option<Place>,
}

impl WebhookPageBuilder {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, limit::WEBHOOKS_PAGE_MAX);
        Self { webhooks: Vec::new(), limit, scanned: 0, bytes: 0, last: None }
    }

    /// Whether another entry may be looked at.
    pub(crate) fn has_room(&self) -> bool {
        self.webhooks.len() < self.limit
            && self.scanned < limit::WEBHOOKS_SCANNED_MAX
            && self.bytes < limit::WEBHOOKS_PAGE_BYTES_MAX
    }

    /// The entry at this place does not pass the filter.
    pub(crate) const fn skip(&mut self, place: Place) {
        self.scanned += 1;
        self.last = Some(place);
    }

    /// This entry passes the filter.
    pub(crate) fn take(&mut self, entry: InboxEntry) {
        self.skip(entry.webhook.place);
        self.bytes += entry.webhook.bytes();
        self.webhooks.push(entry);
    }

    /// The page, when no entry is left.
    pub(crate) fn at_end(self) -> WebhookPage {
        WebhookPage { webhooks: self.webhooks, next: None }
    }

    /// The page, when at least one entry is left.
    pub(crate) fn full(self) -> WebhookPage {
        WebhookPage { webhooks: self.webhooks, next: self.last }
    }
}

/// Whether the filter lets nothing pass but what is pending or failed.
pub(crate) fn asks_for_unsettled(filter: &WebhookFilter) -> bool {
    !filter.states.is_empty() && filter.states.iter().all(|state| state.is_unsettled())
}

/// A page of timers that fills up as they are read in order.
pub(crate) struct TimerPageBuilder {
    timers: Vec<Timer>,
    limit: usize,
    bytes: usize,
}

impl TimerPageBuilder {
    pub(crate) fn new(limit: usize) -> Self {
        Self { timers: Vec::new(), limit: limit.clamp(1, limit::TIMERS_PAGE_MAX), bytes: 0 }
    }

    /// Whether the page may have another timer.
    pub(crate) fn has_room(&self) -> bool {
        self.timers.len() < self.limit && self.bytes < limit::TIMERS_PAGE_BYTES_MAX
    }

    /// The next timer.
    pub(crate) fn take(&mut self, timer: Timer) {
        self.bytes += timer.payload.len();
        self.timers.push(timer);
    }

    /// The page.
    pub(crate) fn done(self) -> Vec<Timer> {
        self.timers
    }
}

/// A page of deliveries that fills up as the list is read backwards.
pub(crate) struct DeliveryPageBuilder {
    deliveries: Vec<Delivery>,
    limit: usize,
    scanned: usize,
    bytes: usize,
    last: Option<ListPlace>,
}

impl DeliveryPageBuilder {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, limit::DELIVERIES_PAGE_MAX);
        Self { deliveries: Vec::new(), limit, scanned: 0, bytes: 0, last: None }
    }

    /// Whether another delivery may be looked at.
    pub(crate) fn has_room(&self) -> bool {
        self.deliveries.len() < self.limit
            && self.scanned < limit::DELIVERIES_SCANNED_MAX
            && self.bytes < limit::DELIVERIES_PAGE_BYTES_MAX
    }

    /// The delivery at this place does not pass the filter.
    pub(crate) const fn skip(&mut self, place: ListPlace) {
        self.scanned += 1;
        self.last = Some(place);
    }

    /// This delivery passes the filter.
    pub(crate) fn take(&mut self, place: ListPlace, delivery: Delivery) {
        self.skip(place);
        self.bytes += delivery_bytes(&delivery);
        self.deliveries.push(delivery);
    }

    /// The page, when no delivery is left.
    pub(crate) fn at_end(self) -> DeliveryPage {
        DeliveryPage { deliveries: self.deliveries, next: None }
    }

    /// The page, when at least one delivery is left.
    pub(crate) fn full(self) -> DeliveryPage {
        DeliveryPage { deliveries: self.deliveries, next: self.last }
    }
}

/// The states whose deliveries the filter may let pass.
pub(crate) fn asked_states(filter: &DeliveryFilter) -> impl Iterator<Item = DeliveryState> {
    DeliveryState::ALL.into_iter().filter(|state| filter.states.is_empty() || filter.states.contains(state))
}

/// The texts of a delivery, in bytes.
pub(crate) fn delivery_bytes(delivery: &Delivery) -> usize {
    let attempts = delivery.standing.history.iter();
    let errors = attempts.map(|attempt| {
        ATTEMPT_BYTES + attempt.error.as_ref().map_or(0, |error| error.code.len() + error.message.len())
    });
    delivery.event_type.len() + delivery.subject.as_ref().map_or(0, String::len) + errors.sum::<usize>()
}

/// What an attempt counts beside the texts of its error.
const ATTEMPT_BYTES: usize = 64;
