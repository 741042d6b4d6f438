//! The inbox and the timers of the store in memory, as they are read.

use std::collections::BTreeMap;
use std::ops::Bound;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::MarkKey;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::{InboxDepth, InboxEntry, Known, Place, WaitingWebhook, WebhookFilter, WebhookState};
use hookyard_domain::limit;
use hookyard_domain::timer::Timer;

use super::state::State;
use crate::WebhookPage;
use crate::pages::{TimerPageBuilder, WebhookPageBuilder, asks_for_unsettled};

impl State {
    pub(super) fn webhook(&self, id: WebhookId) -> Option<&InboxEntry> {
        self.places.get(&id).and_then(|place| self.inbox.get(place))
    }

    /// The entry with this mark that is pending, else one that failed; of several the newest.
    pub(super) fn kept(&self, mark: MarkKey) -> Option<&InboxEntry> {
        let has_it = |entry: &&InboxEntry| {
            entry.standing.is_unsettled() && entry.webhook.dedupe.as_ref().is_some_and(|(_, of)| *of == mark)
        };
        let newest_last = self.inbox.values().filter(has_it);
        newest_last.max_by_key(|entry| entry.standing.state == WebhookState::Pending)
    }

    pub(super) fn known(&self, mark: MarkKey, now: Timestamp) -> Known {
        match self.kept(mark) {
            Some(entry) => {
                Known::Kept { id: entry.webhook.id, standing: entry.standing.clone(), version: entry.version }
            }
            None if self.marked(mark, now) => Known::Handled,
            None => Known::No,
        }
    }

    pub(super) fn waiting(&self, after: Place, limit: usize) -> Vec<WaitingWebhook> {
        let following = self.inbox.range((Bound::Excluded(after), Bound::Unbounded)).map(|(_, entry)| entry);
        let waiting = following.filter(|entry| entry.standing.holds_order_key()).map(|entry| WaitingWebhook {
            id: entry.webhook.id,
            connection: entry.webhook.connection.clone(),
            place: entry.webhook.place,
            order_key: entry.webhook.order_key.clone(),
            next: entry.standing.next,
        });
        waiting.take(limit.clamp(1, limit::WEBHOOKS_PAGE_MAX)).collect()
    }

    pub(super) fn newest_place(&self) -> Place {
        self.inbox.last_key_value().map(|(place, _)| *place).unwrap_or_default()
    }

    pub(super) fn webhooks(&self, filter: &WebhookFilter, before: Option<Place>, limit: usize) -> WebhookPage {
        let mut page = WebhookPageBuilder::new(limit);
        let below = (Bound::Unbounded, before.map_or(Bound::Unbounded, Bound::Excluded));
        let unsettled_only = asks_for_unsettled(filter);
        let looked_at = |entry: &InboxEntry| !unsettled_only || entry.standing.is_unsettled();
        for (place, entry) in self.inbox.range(below).rev().filter(|(_, entry)| looked_at(entry)) {
            if !page.has_room() {
                return page.full();
            }
            if filter.matches(&entry.webhook, &entry.standing) {
                page.take(entry.clone());
            } else {
                page.skip(*place);
            }
        }
        page.at_end()
    }

    pub(super) fn inbox_depths(&self) -> Vec<InboxDepth> {
        let mut depths: BTreeMap<&ConnectionId, InboxDepth> = BTreeMap::new();
        for InboxEntry { webhook, standing, .. } in self.inbox.values().filter(|entry| entry.standing.is_unsettled()) {
            let connection = webhook.connection.clone();
            let none = InboxDepth { connection, pending: 0, failed: 0, oldest_pending: None };
            let depth = depths.entry(&webhook.connection).or_insert(none);
            if standing.state == WebhookState::Pending {
                depth.pending += 1;
                let oldest = depth.oldest_pending.unwrap_or(webhook.received_at);
                depth.oldest_pending = Some(oldest.min(webhook.received_at));
            } else {
                depth.failed += 1;
            }
        }
        depths.into_values().collect()
    }

    pub(super) fn timer_names(&self, connection: &ConnectionId) -> Vec<String> {
        self.timers.keys().filter(|(of, _)| of == connection).map(|(_, name)| name.clone()).collect()
    }

    pub(super) fn timers(
        &self,
        connection: Option<&ConnectionId>,
        after: Option<&(ConnectionId, String)>,
        limit: usize,
    ) -> Vec<Timer> {
        let mut page = TimerPageBuilder::new(limit);
        let following = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let following = self.timers.range::<(ConnectionId, String), _>(following);
        for ((of, _), timer) in following.filter(|((of, _), _)| connection.is_none_or(|connection| connection == of)) {
            if !page.has_room() {
                break;
            }
            debug_assert_eq!(*of, timer.connection, "timers stand under their own names");
            page.take(timer.clone());
        }
        page.done()
    }

    /// Drops what was handled or skipped so long ago.
    pub(super) fn forget_settled(&mut self, now: Timestamp) {
        let until = now.before(self.settled_retention);
        self.inbox.retain(|_, entry| entry.standing.is_unsettled() || entry.standing.since > until);
        let Self { inbox, places, .. } = self;
        places.retain(|_, place| inbox.contains_key(place));
    }
}
