//! Takes events to where subscriptions want them.
//!
//! One task reads each new event once and hands it to the subscriptions that want it; each subscription has a worker, which is the
//! only one that changes how far it has come and how its deliveries stand.

pub(crate) mod attempt;
mod error;
mod status;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hookyard_capability::Sleep;
use hookyard_domain::clock::Clock;
use hookyard_domain::delivery::{Delivery, DeliveryFilter};
use hookyard_domain::entropy::Entropy;
use hookyard_domain::event::Offset;
use hookyard_domain::id::{ConnectionId, DeliveryId, SubscriptionId};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::subscription::Position;
use hookyard_store::Store;

use crate::subscriptions::active::Active;
use crate::tail::Tail;
use crate::telemetry::metrics::Metrics;
use attempt::Attempts;

pub use error::DispatchError;
pub use status::Status;

/// What a dispatcher works with.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) attempts: Arc<dyn Attempts>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) sleep: Arc<dyn Sleep>,
    pub(crate) metrics: Arc<Metrics>,
    /// The host's own key: ids of deliveries are made with it.
    pub(crate) hash_key: HashKey,
    /// After how long without any success a subscription is paused.
    pub(crate) pause_after: Duration,
}

/// Delivers events to the endpoints of subscriptions.
pub struct Dispatcher {}

impl Dispatcher {
    /// Delivers nothing yet: that begins with the first subscription. Within a runtime.
    pub(crate) fn start(_parts: Parts) -> Arc<Self> {
        unimplemented!("D")
    }

    /// A new subscription, or the new definition of one that is there already. A new one goes on at `position`; one that is there
    /// goes on where it stands. What was read but not tried yet is judged by the new definition.
    pub(crate) fn put(&self, _subscription: Arc<Active>, _position: Position) {
        unimplemented!("D")
    }

    /// Delivers nothing more to a subscription. On return its last attempts have ended and are written down, so that its record may
    /// be removed.
    pub async fn remove(&self, _id: &SubscriptionId) {
        unimplemented!("D")
    }

    /// Delivers nothing more until it is resumed, with `operator` as the reason, unless it is paused already. Durable on return.
    ///
    /// # Errors
    /// There is no such subscription, or the store cannot write.
    pub async fn pause(&self, _id: &SubscriptionId) -> Result<(), DispatchError> {
        unimplemented!("D")
    }

    /// Goes on, whyever it was paused; what waits for its time is tried at once. Durable on return.
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    pub async fn resume(&self, _id: &SubscriptionId) -> Result<(), DispatchError> {
        unimplemented!("D")
    }

    /// Delivers everything after this offset, again or (where it lies ahead) leaving out what comes before. Attempts in flight end
    /// first; deliveries of later events are forgotten. Durable on return.
    ///
    /// # Errors
    /// As [`pause`](Self::pause); or the offset lies beyond the newest event.
    pub async fn replay(&self, _id: &SubscriptionId, _after: Offset) -> Result<(), DispatchError> {
        unimplemented!("D")
    }

    /// Tries a delivery again, whatever became of it. Durable on return: it is pending, as it is given back. `None`: there is no
    /// such delivery.
    ///
    /// # Errors
    /// Its subscription is not there, the store cannot be read or written, or too many of its deliveries are pending.
    pub async fn retry(&self, _id: DeliveryId) -> Result<Option<Delivery>, DispatchError> {
        unimplemented!("D")
    }

    /// Tries all deliveries again that pass the filter and whose subscriptions are there; says how many. Each is looked at again
    /// before it is changed. Of a subscription with too many pending deliveries the rest is left as it is.
    ///
    /// # Errors
    /// The store cannot be read or written. What was changed before stays so.
    pub async fn retry_all(&self, _filter: &DeliveryFilter) -> Result<u64, DispatchError> {
        unimplemented!("D")
    }

    /// How a subscription stands; `None` when it is not there.
    pub fn status(&self, _id: &SubscriptionId) -> Option<Status> {
        unimplemented!("D")
    }

    /// The connection was activated: deliveries to its actions that wait for that are due.
    pub(crate) fn activated(&self, _connection: &ConnectionId) {
        unimplemented!("D")
    }

    /// Begins no attempt any more, waits (for a bounded time) until those in flight have ended, and writes down what came of them.
    pub async fn stop(&self) {
        unimplemented!("D")
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}
