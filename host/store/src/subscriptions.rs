//! Subscriptions, as the host keeps them: what was made through the API, secrets, and how far each has come.

use std::fmt;

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::subscription::Position;

use crate::error::StoreError;

/// What is kept of a subscription, of the file or of the API.
#[derive(Clone, PartialEq, Eq)]
pub struct SubscriptionRecord {
    /// Its name.
    pub id: SubscriptionId,
    /// What it is, sealed JSON, for one that was made through the API; `None`: the file says it. The store keeps the bytes as they
    /// are.
    pub definition: Option<Vec<u8>>,
    /// What signs its deliveries, sealed. The store keeps the bytes as they are.
    pub secrets: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl fmt::Debug for SubscriptionRecord {
    /// Without what is sealed, which is of no use to a reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionRecord").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What is kept of subscriptions. How far one has come is changed by commits ([`Advance`](hookyard_domain::commit::Write::Advance)).
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// All of them, by name.
    async fn subscription_records(&self) -> Result<Vec<SubscriptionRecord>, StoreError>;

    /// Keeps a subscription in place of the one with its name. A new one stands at `from`, whatever there was of its name before.
    /// Durable on return.
    async fn save_subscription(&self, record: SubscriptionRecord, from: Offset) -> Result<(), SaveSubscriptionError>;

    /// Forgets a subscription, where it stands, and its deliveries (those in the background, a batch at a time); `false` if there is
    /// none with this name. Durable on return. A commit that comes later and speaks of it changes nothing.
    async fn remove_subscription(&self, id: &SubscriptionId) -> Result<bool, StoreError>;

    /// How far each has come, by name.
    async fn positions(&self) -> Result<Vec<Position>, StoreError>;
}

/// Why a subscription was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SaveSubscriptionError {
    /// As many as may exist were made through the API already: delete one first.
    #[error("there are {max} subscriptions already; delete one that is no longer needed")]
    TooMany {
        /// How many may exist.
        max: usize,
    },
    /// The store cannot write.
    #[error("the store cannot keep the subscription")]
    Unavailable(#[from] StoreError),
}
