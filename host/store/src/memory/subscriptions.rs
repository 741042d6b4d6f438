//! Subscriptions in memory, and how far each has come.

use async_trait::async_trait;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use hookyard_domain::subscription::Position;

use super::MemoryStore;
use super::state::State;
use crate::{SaveSubscriptionError, StoreError, SubscriptionRecord, Subscriptions};

/// What is kept of one subscription.
pub(super) struct KeptSubscription {
    record: SubscriptionRecord,
    pub(super) position: Position,
}

impl State {
    fn save_subscription(&mut self, record: SubscriptionRecord, from: Offset) -> Result<(), SaveSubscriptionError> {
        let max = limit::API_SUBSCRIPTIONS_MAX;
        let known = self.subscriptions.get(&record.id);
        let is_made = record.definition.is_some() && known.is_none_or(|kept| kept.record.definition.is_none());
        let made = || self.subscriptions.values().filter(|kept| kept.record.definition.is_some());
        if is_made && self.subscriptions.len() >= max && made().count() >= max {
            return Err(SaveSubscriptionError::TooMany { max });
        }
        let begin = || Position {
            subscription: record.id.clone(),
            cursor: from,
            replays: 0,
            failing_since: None,
            paused: None,
        };
        let position = known.map_or_else(begin, |kept| kept.position.clone());
        self.subscriptions.insert(record.id.clone(), KeptSubscription { record, position });
        Ok(())
    }

    fn remove_subscription(&mut self, id: &SubscriptionId) -> bool {
        self.deliveries.forget_after(id, Offset::START);
        self.subscriptions.remove(id).is_some()
    }

    /// Says how far a subscription has come, if there is one.
    pub(super) fn advance(&mut self, position: &Position) {
        if let Some(kept) = self.subscriptions.get_mut(&position.subscription) {
            kept.position = position.clone();
        }
    }
}

#[async_trait]
impl Subscriptions for MemoryStore {
    async fn subscription_records(&self) -> Result<Vec<SubscriptionRecord>, StoreError> {
        Ok(self.state()?.subscriptions.values().map(|kept| kept.record.clone()).collect())
    }

    async fn save_subscription(&self, record: SubscriptionRecord, from: Offset) -> Result<(), SaveSubscriptionError> {
        self.state()?.save_subscription(record, from)
    }

    async fn remove_subscription(&self, id: &SubscriptionId) -> Result<bool, StoreError> {
        Ok(self.state()?.remove_subscription(id))
    }

    async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        Ok(self.state()?.subscriptions.values().map(|kept| kept.position.clone()).collect())
    }
}
