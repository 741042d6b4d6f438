//! Timers: fired when they are due, changed when the operator wants it.
//!
//! What is true of a timer is in the store alone; the agenda only says when to look. So a run that ends may find that somebody
//! else has decided what becomes of its timer, and then nothing of the run is kept.

mod change;
mod fire;
mod schedule;

use std::fmt;
use std::sync::Arc;

use hookyard_store::Store;

use crate::connections::Connections;
use crate::invoker::Invoker;

pub use change::ChangeError;
pub use schedule::Schedule;

/// The timers of a host.
pub struct Timers {
    store: Arc<dyn Store>,
    connections: Arc<Connections>,
    invoker: Arc<Invoker>,
    schedule: Arc<Schedule>,
}

impl Timers {
    /// The timers of these connections.
    pub fn new(
        store: Arc<dyn Store>,
        connections: Arc<Connections>,
        invoker: Arc<Invoker>,
        schedule: Arc<Schedule>,
    ) -> Self {
        Self { store, connections, invoker, schedule }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers").finish_non_exhaustive()
    }
}
