//! A store whose writer can be made to stand still.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use hookyard_store::sqlite::SqliteSettings;
use hookyard_store::{CrashPoint, CrashPoints};

/// A gate before the writer of a store. It is open in the beginning; clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<State>);

#[derive(Debug, Default)]
struct State {
    closed: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    /// Settings of a store whose writer goes through this gate with each group of commits.
    pub fn store(&self) -> SqliteSettings {
        SqliteSettings { crash_points: Some(Arc::clone(&self.0) as Arc<dyn CrashPoints>), ..SqliteSettings::default() }
    }

    /// The writer stands still from its next group on.
    pub fn close(&self) {
        self.set(true);
    }

    /// The writer goes on.
    pub fn open(&self) {
        self.set(false);
    }

    fn set(&self, closed: bool) {
        *self.0.closed.lock().unwrap_or_else(PoisonError::into_inner) = closed;
        self.0.changed.notify_all();
    }
}

impl CrashPoints for State {
    fn reached(&self, point: CrashPoint) {
        if point == CrashPoint::GroupBegins {
            let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.changed.wait_while(closed, |closed| *closed).unwrap_or_else(PoisonError::into_inner));
        }
    }
}
