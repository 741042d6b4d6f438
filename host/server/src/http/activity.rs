//! What happens on one connection, and until when the next thing must have happened.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::limits::HttpLimits;

/// Shared by a connection's socket, its requests and the task that watches over both.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Requests whose answers are not yet written.
    in_flight: usize,
    /// Since when there is none.
    quiet_since: Instant,
    /// When the first byte came after that.
    head_since: Option<Instant>,
    /// Answers that wait for the client to take more of them, and since when. A client of HTTP/2 can refuse to take anything
    /// while its socket takes everything.
    untaken: HashMap<u64, Instant>,
    /// The number of the next request.
    next: u64,
    /// HTTP/2 has frames that belong to no request, so bytes do not mean that a head has begun.
    multiplexed: bool,
}

/// A request in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight {
    activity: Activity,
    number: u64,
}

impl Activity {
    /// A connection that begins now.
    pub(super) fn begin() -> Self {
        let now = Instant::now();
        // The first request is owed at once: waiting for it counts as waiting for its head.
        Self(Arc::new(Mutex::new(State {
            in_flight: 0,
            quiet_since: now,
            head_since: Some(now),
            untaken: HashMap::new(),
            next: 0,
            multiplexed: false,
        })))
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes of the client have arrived.
    pub(super) fn bytes_arrived(&self) {
        self.with(|state| {
            if state.in_flight == 0 && !state.multiplexed && state.head_since.is_none() {
                state.head_since = Some(Instant::now());
            }
        });
    }

    /// A request's head is complete.
    pub(super) fn request(&self, multiplexed: bool) -> InFlight {
        let number = self.with(|state| {
            state.in_flight += 1;
            state.next += 1;
            state.head_since = None;
            state.multiplexed = multiplexed;
            state.next
        });
        InFlight { activity: self.clone(), number }
    }

    /// Whether no request is in flight.
    pub(super) fn is_quiet(&self) -> bool {
        self.with(|state| state.in_flight == 0)
    }

    /// When the client will have taken too long, unless something happens before; `None` while the host has to answer.
    pub(super) fn deadline(&self, limits: &HttpLimits) -> Option<Instant> {
        self.with(|state| match (state.in_flight, state.head_since) {
            (0, Some(since)) => Some(since + limits.head_read),
            (0, None) => Some(state.quiet_since + limits.idle),
            _ => state.untaken.values().min().map(|since| *since + limits.write_stall),
        })
    }
}

impl InFlight {
    /// There is something of the answer that the client could take.
    pub(super) fn offered(&self) {
        self.activity.with(|state| state.untaken.insert(self.number, Instant::now()));
    }

    /// The client has taken everything that there is so far.
    pub(super) fn taken(&self) {
        self.activity.with(|state| state.untaken.remove(&self.number));
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.activity.with(|state| {
            state.untaken.remove(&self.number);
            state.in_flight -= 1;
            state.quiet_since = Instant::now();
        });
    }
}
