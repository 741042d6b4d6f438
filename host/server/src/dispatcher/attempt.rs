//! One try to deliver one event.

use async_trait::async_trait;
use hookyard_domain::delivery::{AttemptOutcome, Delivery};
use hookyard_domain::inbox::Reason;

use crate::subscriptions::active::Active;
use crate::tail::TailEvent;

/// What the dispatcher needs of endpoints.
#[async_trait]
pub(crate) trait Attempts: Send + Sync {
    /// Whether the subscription's `when` holds for an event that passes its filter.
    ///
    /// # Errors
    /// It cannot be said: the delivery is given up with this reason.
    fn wants(&self, subscription: &Active, event: &TailEvent) -> Result<bool, Reason>;

    /// Tries once. `delivery` says how it stands before the attempt.
    async fn attempt(&self, subscription: &Active, event: &TailEvent, delivery: &Delivery) -> AttemptOutcome;
}
