//! Deliveries of the store on disk.

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{Delivery, DeliveryDepth, DeliveryFilter, PendingDelivery};
use hookyard_domain::event::Offset;
use hookyard_domain::id::{DeliveryId, SubscriptionId};

use super::{SqliteStore, delivery_lists, delivery_rows, event_rows};
use crate::{Deliveries, DeliveryPage, ListPlace, StoreError};

#[async_trait]
impl Deliveries for SqliteStore {
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.readers.read(move |database| delivery_rows::get(database, id)).await
    }

    async fn delivery_at(&self, subscription: &SubscriptionId, offset: Offset) -> Result<Option<Delivery>, StoreError> {
        let subscription = subscription.clone();
        self.readers.read(move |database| delivery_rows::get_at(database, &subscription, offset)).await
    }

    async fn pending(
        &self,
        subscription: &SubscriptionId,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        let subscription = subscription.clone();
        self.readers.read(move |database| delivery_lists::pending(database, &subscription, after, limit)).await
    }

    async fn kept_after(
        &self,
        subscription: &SubscriptionId,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<Offset>, StoreError> {
        let subscription = subscription.clone();
        self.readers.read(move |database| delivery_lists::kept_after(database, &subscription, after, limit)).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        before: Option<ListPlace>,
        limit: usize,
    ) -> Result<DeliveryPage, StoreError> {
        let filter = filter.clone();
        self.readers.read(move |database| delivery_lists::page(database, &filter, before, limit)).await
    }

    async fn delivery_depths(&self) -> Result<Vec<DeliveryDepth>, StoreError> {
        self.readers.read(delivery_lists::depths).await
    }

    async fn offset_before(&self, since: Timestamp) -> Result<Offset, StoreError> {
        self.readers.read(move |database| event_rows::offset_before(database, since)).await
    }
}
