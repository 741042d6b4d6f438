//! What all workers of a dispatcher have in common.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use tokio::sync::Semaphore;

use super::Parts;
use super::crowd::Crowd;
use super::feeds::Feeds;

/// The parts of the dispatcher, its feeds, and the room for attempts.
pub(super) struct Shared {
    pub(super) parts: Parts,
    pub(super) feeds: Feeds,
    room: Arc<Semaphore>,
    /// Beside the other, so that endpoints that hang never take it all.
    failing_room: Arc<Semaphore>,
    activated: Mutex<HashSet<ConnectionId>>,
    /// What waits to be tried again.
    pub(super) crowd: Arc<Crowd>,
}

impl Shared {
    pub(super) fn new(parts: Parts) -> Self {
        let through = *parts.store.newest().borrow();
        let well = limit::DELIVERIES_IN_FLIGHT_MAX - limit::FAILING_IN_FLIGHT_MAX;
        Self {
            parts,
            feeds: Feeds::starting_after(through),
            room: Arc::new(Semaphore::new(well)),
            failing_room: Arc::new(Semaphore::new(limit::FAILING_IN_FLIGHT_MAX)),
            activated: Mutex::default(),
            crowd: Arc::default(),
        }
    }

    /// The room for attempts of a subscription that fails, or does not.
    pub(super) fn room(&self, is_failing: bool) -> &Arc<Semaphore> {
        if is_failing { &self.failing_room } else { &self.room }
    }

    /// The connection was activated.
    pub(super) fn activated(&self, connection: &ConnectionId) {
        self.activated.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.clone());
    }

    /// Whether the connection was activated since the host started.
    pub(super) fn was_activated(&self, connection: &ConnectionId) -> bool {
        self.activated.lock().unwrap_or_else(PoisonError::into_inner).contains(connection)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// When to try again what the store could not do.
    pub(super) fn later(&self) -> Timestamp {
        self.now().after(limit::TRY_AGAIN_AFTER)
    }
}
