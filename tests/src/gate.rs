//! A store whose writer can be made to stand still.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use hookyard_store::sqlite::SqliteSettings;
use hookyard_store::{CrashPoint, CrashPoints};

/// A gate before the writer of a store. It is open in the beginning.
#[derive(Debug, Default)]
pub struct Gate(Arc<State>);

#[derive(Debug, Default)]
struct State {
    place: Mutex<Place>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Place {
    closed: bool,
    /// The writer stands before it.
    stands: bool,
}

/// A gate that is closed, until this is dropped: also when the test fails, because the end of a store waits for its writer.
#[derive(Debug)]
pub struct Closed(Arc<State>);

impl Gate {
    /// Settings of a store whose writer goes through this gate with each group of commits.
    pub fn store(&self) -> SqliteSettings {
        SqliteSettings { crash_points: Some(Arc::clone(&self.0) as Arc<dyn CrashPoints>), ..SqliteSettings::default() }
    }

    /// The writer stands still from its next group on.
    pub fn close(&self) -> Closed {
        self.0.place().closed = true;
        Closed(Arc::clone(&self.0))
    }
}

impl Closed {
    /// Returns once the writer has taken a group and stands before the gate with it.
    pub async fn writer_stands(&self) {
        while !self.0.place().stands {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.place().closed = false;
        self.0.changed.notify_all();
    }
}

impl State {
    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CrashPoints for State {
    fn reached(&self, point: CrashPoint) {
        if point == CrashPoint::GroupBegins {
            let mut place = self.place();
            place.stands = true;
            let mut place =
                self.changed.wait_while(place, |place| place.closed).unwrap_or_else(PoisonError::into_inner);
            place.stands = false;
        }
    }
}
