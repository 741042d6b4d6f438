//! How a subscription stands at a moment.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::inbox::Reason;
use hookyard_domain::subscription::Position;

/// How a subscription stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// How far it has come. Its cursor may be ahead of the one that is kept.
    pub position: Position,
    /// Deliveries that wait to be tried again.
    pub pending: usize,
    /// Attempts that go on.
    pub in_flight: usize,
    /// When an attempt succeeded last, since the host started.
    pub last_delivered_at: Option<Timestamp>,
    /// When and why an attempt failed last, since the host started.
    pub last_error: Option<(Timestamp, Reason)>,
}

impl Status {
    /// Nothing has happened yet.
    pub(super) const fn at(position: Position) -> Self {
        Self { position, pending: 0, in_flight: 0, last_delivered_at: None, last_error: None }
    }
}
