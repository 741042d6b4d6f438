//! Why something that an operator wants of a subscription or a delivery was not done.

use hookyard_domain::event::Offset;
use hookyard_store::StoreError;

/// Nothing was done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DispatchError {
    /// There is no such subscription, or it is wrong, or it has been removed meanwhile.
    #[error("the subscription is not there, or does not work")]
    NotThere,
    /// The offset is none of the log.
    #[error("the offset lies beyond the newest event, which is at {newest}")]
    BeyondLog {
        /// The newest event's.
        newest: Offset,
    },
    /// As many of its deliveries as may be wait to be tried again: let some of them end first.
    #[error("{max} deliveries of the subscription are pending, which are the most")]
    TooManyPending {
        /// The most.
        max: usize,
    },
    /// The store cannot be read or written.
    #[error("the store is unavailable")]
    Unavailable(#[source] StoreError),
}
