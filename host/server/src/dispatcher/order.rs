//! What operators want of a subscription.

use hookyard_domain::delivery::{Delivery, DeliveryFilter};
use hookyard_domain::event::Offset;
use tokio::sync::{mpsc, oneshot};

use super::error::DispatchError;

/// Told when it is durable, or was not done.
pub(super) type Answer = oneshot::Sender<Result<(), DispatchError>>;

/// Told of each delivery that was to be tried again: how it stands now, when that is durable; `None` if it is left as it is. Has
/// room for all of them.
pub(super) type Tell = mpsc::Sender<Result<Option<Delivery>, DispatchError>>;

/// What a worker is to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Deliver nothing more.
    Pause(Answer),
    /// Deliver again.
    Resume(Answer),
    /// Deliver everything after this offset.
    Replay(Replay),
    /// Try deliveries again.
    Retry(Retry),
}

/// Deliver everything after an offset.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) after: Offset,
    /// Absent, once it is known that it was not done at once.
    pub(super) answer: Option<Answer>,
}

/// Deliveries to be tried again.
#[derive(Debug)]
pub(super) struct Retry {
    pub(super) offsets: Vec<Offset>,
    /// Those that pass; all, when absent.
    pub(super) filter: Option<DeliveryFilter>,
    pub(super) tell: Tell,
}
