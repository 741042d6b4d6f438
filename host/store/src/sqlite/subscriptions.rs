//! Subscriptions of the store on disk.

use async_trait::async_trait;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::subscription::Position;

use super::{SqliteStore, subscription_rows};
use crate::{SaveSubscriptionError, StoreError, SubscriptionRecord, Subscriptions};

#[async_trait]
impl Subscriptions for SqliteStore {
    async fn subscription_records(&self) -> Result<Vec<SubscriptionRecord>, StoreError> {
        self.readers.read(subscription_rows::records).await
    }

    async fn save_subscription(&self, record: SubscriptionRecord, from: Offset) -> Result<(), SaveSubscriptionError> {
        self.writer.write(move |database| subscription_rows::save(database, &record, from)).await?
    }

    async fn remove_subscription(&self, id: &SubscriptionId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.writer.write(move |database| subscription_rows::remove(database, &id)).await
    }

    async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        self.readers.read(subscription_rows::positions).await
    }
}
