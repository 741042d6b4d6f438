//! A subscription as others see it, right or wrong.

use std::sync::Arc;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::SubscriptionId;

use super::active::Active;
use crate::connections::Origin;

/// One subscription. Whoever has got hold of it keeps it as it was, also when it is replaced.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: SubscriptionId,
    /// Who defines it.
    pub(crate) origin: Origin,
    /// What it works with; absent while it is invalid.
    pub(crate) active: Option<Arc<Active>>,
    /// Why it is invalid, each with its place.
    pub(crate) problems: Vec<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}
