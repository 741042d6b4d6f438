//! Deliveries in memory.

use std::collections::BTreeMap;
use std::ops::Bound;

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{Delivery, DeliveryDepth, DeliveryFilter, DeliveryState, PendingDelivery};
use hookyard_domain::event::Offset;
use hookyard_domain::id::{DeliveryId, SubscriptionId};
use hookyard_domain::limit;

use super::MemoryStore;
use super::state::State;
use crate::pages::DeliveryPageBuilder;
use crate::{Deliveries, DeliveryPage, ListPlace, StoreError};

type Key = (SubscriptionId, Offset);

/// All deliveries, in the order of their subscriptions and events, and in the order of the list.
#[derive(Default)]
pub(super) struct KeptDeliveries {
    deliveries: BTreeMap<Key, (ListPlace, Delivery)>,
    list: BTreeMap<ListPlace, Key>,
    /// The place given last.
    place: u64,
}

impl KeptDeliveries {
    fn keep(&mut self, delivery: &Delivery) {
        let key = (delivery.subscription.clone(), delivery.offset);
        let place = match self.deliveries.get(&key) {
            Some((place, _)) => *place,
            None => {
                self.place += 1;
                ListPlace(self.place)
            }
        };
        self.list.insert(place, key.clone());
        self.deliveries.insert(key, (place, delivery.clone()));
    }

    /// Forgets the deliveries of a subscription whose events stand after this offset.
    pub(super) fn forget_after(&mut self, subscription: &SubscriptionId, after: Offset) {
        self.retain(|delivery| delivery.subscription != *subscription || delivery.offset <= after);
    }

    fn retain(&mut self, stays: impl Fn(&Delivery) -> bool) {
        let Self { deliveries, list, .. } = self;
        deliveries.retain(|_, (place, delivery)| {
            let stays = stays(delivery);
            if !stays {
                list.remove(place);
            }
            stays
        });
    }

    /// The deliveries of a subscription after an offset, in order.
    fn after<'a>(&'a self, subscription: &'a SubscriptionId, after: Offset) -> impl Iterator<Item = &'a Delivery> {
        let from = (Bound::Excluded((subscription.clone(), after)), Bound::Unbounded);
        let following = self.deliveries.range(from).map(|(_, (_, delivery))| delivery);
        following.take_while(move |delivery| delivery.subscription == *subscription)
    }

    fn page(&self, filter: &DeliveryFilter, before: Option<ListPlace>, limit: usize) -> DeliveryPage {
        let mut page = DeliveryPageBuilder::new(limit);
        let below = (Bound::Unbounded, before.map_or(Bound::Unbounded, Bound::Excluded));
        // What a store on disk finds by an index is not looked at here either.
        let in_state =
            |delivery: &Delivery| filter.states.is_empty() || filter.states.contains(&delivery.standing.state);
        let listed = self.list.range(below).rev().filter_map(|(_, key)| self.deliveries.get(key));
        for (place, delivery) in listed.filter(|(_, delivery)| in_state(delivery)) {
            if !page.has_room() {
                return page.full();
            }
            if filter.matches(delivery) {
                page.take(*place, delivery.clone());
            } else {
                page.skip(*place);
            }
        }
        page.at_end()
    }

    fn depths(&self) -> Vec<DeliveryDepth> {
        let mut depths: BTreeMap<&SubscriptionId, DeliveryDepth> = BTreeMap::new();
        for (_, delivery) in self.deliveries.values() {
            let subscription = delivery.subscription.clone();
            let none = DeliveryDepth { subscription, pending: 0, exhausted: 0, oldest_pending: None };
            let depth = depths.entry(&delivery.subscription).or_insert(none);
            match delivery.standing.state {
                DeliveryState::Pending => {
                    depth.pending += 1;
                    let oldest = depth.oldest_pending.unwrap_or(delivery.standing.since);
                    depth.oldest_pending = Some(oldest.min(delivery.standing.since));
                }
                DeliveryState::Exhausted => depth.exhausted += 1,
                DeliveryState::Delivered => {}
            }
        }
        depths.into_values().filter(|depth| depth.pending > 0 || depth.exhausted > 0).collect()
    }
}

impl State {
    /// Keeps a delivery, if there is its subscription.
    pub(super) fn deliver(&mut self, delivery: &Delivery) {
        if self.subscriptions.contains_key(&delivery.subscription) {
            self.deliveries.keep(delivery);
        }
    }

    /// Drops what was delivered or given up so long ago, unless reading on still has to know of it.
    pub(super) fn forget_settled_deliveries(&mut self, now: Timestamp) {
        let until = now.before(limit::DELIVERY_RETENTION_DEFAULT);
        let Self { deliveries, subscriptions, .. } = self;
        deliveries.retain(|delivery| {
            let looked_at = subscriptions.get(&delivery.subscription).map(|kept| kept.position.cursor);
            delivery.standing.state == DeliveryState::Pending
                || delivery.standing.since > until
                || looked_at.is_some_and(|cursor| delivery.offset > cursor)
        });
    }

    fn offset_before(&self, since: Timestamp) -> Offset {
        Offset(self.events.partition_point(|event| event.id.made_at() < since) as u64)
    }
}

#[async_trait]
impl Deliveries for MemoryStore {
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let state = self.state()?;
        let found = state.deliveries.deliveries.values().find(|(_, delivery)| delivery.id == id);
        Ok(found.map(|(_, delivery)| delivery.clone()))
    }

    async fn delivery_at(&self, subscription: &SubscriptionId, offset: Offset) -> Result<Option<Delivery>, StoreError> {
        let state = self.state()?;
        let found = state.deliveries.deliveries.get(&(subscription.clone(), offset));
        Ok(found.map(|(_, delivery)| delivery.clone()))
    }

    async fn pending(
        &self,
        subscription: &SubscriptionId,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        let state = self.state()?;
        let pending = state.deliveries.after(subscription, after).filter_map(|delivery| {
            let next = delivery.standing.next?;
            Some(PendingDelivery { offset: delivery.offset, subject: delivery.subject.clone(), next })
        });
        Ok(pending.take(limit.clamp(1, limit::DELIVERIES_PAGE_MAX)).collect())
    }

    async fn kept_after(
        &self,
        subscription: &SubscriptionId,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<Offset>, StoreError> {
        let state = self.state()?;
        let kept = state.deliveries.after(subscription, after).map(|delivery| delivery.offset);
        Ok(kept.take(limit.clamp(1, limit::DELIVERIES_PAGE_MAX)).collect())
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        before: Option<ListPlace>,
        limit: usize,
    ) -> Result<DeliveryPage, StoreError> {
        Ok(self.state()?.deliveries.page(filter, before, limit))
    }

    async fn delivery_depths(&self) -> Result<Vec<DeliveryDepth>, StoreError> {
        Ok(self.state()?.deliveries.depths())
    }

    async fn offset_before(&self, since: Timestamp) -> Result<Offset, StoreError> {
        Ok(self.state()?.offset_before(since))
    }
}
