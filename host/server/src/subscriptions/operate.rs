//! What an operator wants of a subscription without changing what it is: of those of the file as well.

use std::sync::Arc;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;

use super::entry::Entry;
use super::{ChangeError, Subscriptions};

/// From where a subscription is to read the log again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplayFrom {
    /// After this event.
    After(Offset),
    /// From the first event that was appended then or later.
    Since(Timestamp),
}

impl Subscriptions {
    /// Delivers nothing more until it is resumed. Durable on return.
    ///
    /// # Errors
    /// It is not there, does not work, or the store cannot write.
    pub(crate) async fn pause(&self, id: &SubscriptionId) -> Result<Arc<Entry>, ChangeError> {
        let entry = self.working(id).await?;
        self.parts.dispatcher.pause(id).await?;
        tracing::info!(subscription = %id, "paused by the operator");
        Ok(entry)
    }

    /// Goes on, whyever it was paused. Durable on return.
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    pub(crate) async fn resume(&self, id: &SubscriptionId) -> Result<Arc<Entry>, ChangeError> {
        let entry = self.working(id).await?;
        self.parts.dispatcher.resume(id).await?;
        tracing::info!(subscription = %id, "resumed by the operator");
        Ok(entry)
    }

    /// Reads the log again from there, or leaves out what comes before. Durable on return.
    ///
    /// # Errors
    /// As [`pause`](Self::pause); or the place lies beyond the newest event.
    pub(crate) async fn replay(&self, id: &SubscriptionId, from: ReplayFrom) -> Result<Arc<Entry>, ChangeError> {
        let entry = self.working(id).await?;
        let after = match from {
            ReplayFrom::After(after) => after,
            ReplayFrom::Since(since) => self.parts.store.offset_before(since).await?,
        };
        self.parts.dispatcher.replay(id, after).await?;
        tracing::info!(subscription = %id, %after, "it reads the log again");
        Ok(entry)
    }

    async fn working(&self, id: &SubscriptionId) -> Result<Arc<Entry>, ChangeError> {
        match self.get(id) {
            Some(entry) if entry.active.is_some() => Ok(entry),
            Some(entry) => Err(ChangeError::NotWorking(id.clone(), entry.problems.join("; "))),
            None => Err(self.not_shown(id).await),
        }
    }

    /// Why there is no such subscription.
    pub(crate) async fn not_shown(&self, id: &SubscriptionId) -> ChangeError {
        match self.desired.lock().await.kept.contains_key(id) {
            true => ChangeError::TakenOut(id.clone()),
            false => ChangeError::NotFound(id.clone()),
        }
    }
}
