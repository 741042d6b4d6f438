//! Deliveries that did not succeed at once, as they are read.

use std::fmt;

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{Delivery, DeliveryDepth, DeliveryFilter, PendingDelivery};
use hookyard_domain::event::Offset;
use hookyard_domain::id::{DeliveryId, SubscriptionId};

use crate::error::StoreError;

/// Reads deliveries. They are written by commits alone. Every read sees every commit whose `commit` has returned.
#[async_trait]
pub trait Deliveries: Send + Sync + fmt::Debug {
    /// One delivery; `None` when there is none, or when it succeeded at once.
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// The delivery of the event at this offset to this subscription.
    async fn delivery_at(&self, subscription: &SubscriptionId, offset: Offset) -> Result<Option<Delivery>, StoreError>;

    /// The pending deliveries of a subscription after `after`, by offset: up to `limit` of them (at most
    /// [`DELIVERIES_PAGE_MAX`](hookyard_domain::limit::DELIVERIES_PAGE_MAX)). Fewer: that was the last page.
    async fn pending(
        &self,
        subscription: &SubscriptionId,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<PendingDelivery>, StoreError>;

    /// The offsets after `after` of which the subscription has a delivery, in any state: up to `limit` of them, in order.
    async fn kept_after(
        &self,
        subscription: &SubscriptionId,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<Offset>, StoreError>;

    /// Deliveries that pass the filter, those first that came into the list last, below `before` (`None`: from the newest): up to
    /// `limit` (at least 1, at most [`DELIVERIES_PAGE_MAX`](hookyard_domain::limit::DELIVERIES_PAGE_MAX)), fewer when they are
    /// large or far between.
    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        before: Option<ListPlace>,
        limit: usize,
    ) -> Result<DeliveryPage, StoreError>;

    /// How many deliveries of each subscription are kept, by name; those without any are left out.
    async fn delivery_depths(&self) -> Result<Vec<DeliveryDepth>, StoreError>;

    /// The offset after which the events begin that were appended at `since` or later, judged by the times in their ids: offsets
    /// up to it are older, as far as the clock was never set back.
    async fn offset_before(&self, since: Timestamp) -> Result<Offset, StoreError>;
}

/// A place in the list of deliveries. It says nothing but what comes before what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListPlace(pub u64);

/// One page of deliveries.
#[derive(Debug, Clone)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// Where the next page goes on (its `before`); `None` at the end. May be there although the page has fewer than were asked for.
    pub next: Option<ListPlace>,
}
