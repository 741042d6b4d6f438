//! What operators do with subscriptions and deliveries.

use std::collections::{BTreeMap, HashSet};

use hookyard_domain::delivery::{Delivery, DeliveryFilter};
use hookyard_domain::event::Offset;
use hookyard_domain::id::{DeliveryId, SubscriptionId};
use hookyard_domain::limit;
use tokio::sync::{mpsc, oneshot};

use super::order::{Answer, Order, Replay, Retry};
use super::{DispatchError, Dispatcher};

impl Dispatcher {
    /// Delivers nothing more until it is resumed, with `operator` as the reason, unless it is paused already. Durable on return.
    ///
    /// # Errors
    /// There is no such subscription; or the store cannot write, and it may come true when it can again.
    pub async fn pause(&self, id: &SubscriptionId) -> Result<(), DispatchError> {
        self.order(id, Order::Pause).await
    }

    /// Goes on, whyever it was paused; what waits for its time is tried at once. Durable on return.
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    pub async fn resume(&self, id: &SubscriptionId) -> Result<(), DispatchError> {
        self.order(id, Order::Resume).await
    }

    /// Delivers everything after this offset, again or (where it lies ahead) leaving out what comes before. Attempts in flight end
    /// first; deliveries of later events are forgotten. Durable on return.
    ///
    /// # Errors
    /// As [`pause`](Self::pause); or the offset lies beyond the newest event.
    pub async fn replay(&self, id: &SubscriptionId, after: Offset) -> Result<(), DispatchError> {
        let newest = *self.shared.parts.store.newest().borrow();
        if after > newest {
            return Err(DispatchError::BeyondLog { newest });
        }
        self.order(id, |answer| Order::Replay(Replay { after, answer: Some(answer) })).await
    }

    /// Tries a delivery again, whatever became of it; one that is being tried, when that has ended. Durable on return: it is
    /// pending, as it is given back. `None`: there is no such delivery.
    ///
    /// # Errors
    /// Its subscription is not there, the store cannot be read or written, or too many of its deliveries are pending.
    pub async fn retry(&self, id: DeliveryId) -> Result<Option<Delivery>, DispatchError> {
        let found = self.shared.parts.store.delivery(id).await.map_err(DispatchError::Unavailable)?;
        let Some(Delivery { subscription, offset, .. }) = found else { return Ok(None) };
        let mut told = self.retry_these(&subscription, vec![offset], None).await?;
        told.recv().await.unwrap_or(Err(DispatchError::NotThere))
    }

    /// Tries all deliveries again that pass the filter and whose subscriptions are there; says how many. Each is looked at again
    /// before it is changed, and those that are being tried are passed over. Of a subscription with too many pending deliveries the
    /// rest is left as it is.
    ///
    /// # Errors
    /// The store cannot be read or written. What was changed before stays so.
    pub async fn retry_all(&self, filter: &DeliveryFilter) -> Result<u64, DispatchError> {
        let (mut before, mut retried, mut left_out) = (None, 0, HashSet::new());
        loop {
            let page = self.shared.parts.store.deliveries(filter, before, limit::DELIVERIES_PER_COMMIT_MAX).await;
            let page = page.map_err(DispatchError::Unavailable)?;
            let mut offsets = BTreeMap::<SubscriptionId, Vec<Offset>>::new();
            for Delivery { subscription, offset, .. } in page.deliveries {
                if !left_out.contains(&subscription) {
                    offsets.entry(subscription).or_default().push(offset);
                }
            }
            for (subscription, offsets) in offsets {
                let told = self.retry_these(&subscription, offsets, Some(filter.clone())).await;
                let mut told = match told {
                    Ok(told) => told,
                    Err(DispatchError::NotThere) => {
                        left_out.insert(subscription);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                while let Some(answer) = told.recv().await {
                    match answer {
                        Ok(delivery) => retried += u64::from(delivery.is_some()),
                        Err(DispatchError::TooManyPending { .. }) => _ = left_out.insert(subscription.clone()),
                        Err(error) => return Err(error),
                    }
                }
            }
            before = page.next;
            if before.is_none() {
                return Ok(retried);
            }
        }
    }

    async fn retry_these(
        &self,
        subscription: &SubscriptionId,
        offsets: Vec<Offset>,
        filter: Option<DeliveryFilter>,
    ) -> Result<mpsc::Receiver<Result<Option<Delivery>, DispatchError>>, DispatchError> {
        let (tell, told) = mpsc::channel(offsets.len().max(1));
        self.send(subscription, Order::Retry(Retry { offsets, filter, tell })).await?;
        Ok(told)
    }

    async fn order(&self, id: &SubscriptionId, order: impl FnOnce(Answer) -> Order) -> Result<(), DispatchError> {
        let (answer, answered) = oneshot::channel();
        self.send(id, order(answer)).await?;
        // A worker that has ended meanwhile answers nothing.
        answered.await.unwrap_or(Err(DispatchError::NotThere))
    }

    async fn send(&self, id: &SubscriptionId, order: Order) -> Result<(), DispatchError> {
        let orders = self.lock().subscriptions.get(id).map(|handle| handle.orders.clone());
        let orders = orders.ok_or(DispatchError::NotThere)?;
        orders.send(order).await.map_err(|_| DispatchError::NotThere)
    }
}
