//! The newest part of the event log, read once for all who follow it.

mod event;
mod reader;
mod window;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::event::{EventFilter, Offset};
use hookyard_store::Ledger;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) use event::TailEvent;
use window::Window;

/// Reads each new event once and keeps the last ones (up to [`TAIL_EVENTS_MAX`](hookyard_domain::limit::TAIL_EVENTS_MAX) and
/// [`TAIL_BYTES_MAX`](hookyard_domain::limit::TAIL_BYTES_MAX)). Reads nothing as long as nobody follows.
///
/// An event that the log cannot hand out at once is left out of what is kept: who follows is told to read the log and meets the
/// failure there.
pub struct Tail {
    shared: Arc<Shared>,
    reading: JoinHandle<()>,
}

/// What the tail has after an offset.
#[derive(Debug)]
pub(crate) enum Recent {
    /// These, in order; every event up to `through` has been looked at.
    Events {
        /// The events; none, when there are none.
        events: Vec<Arc<TailEvent>>,
        /// Where to go on; the offset that was asked for, when it is the newest.
        through: Offset,
    },
    /// The offset lies before what is kept: read the log.
    Older,
}

struct Shared {
    ledger: Arc<dyn Ledger>,
    window: Mutex<Window>,
    /// Up to where the tail has read. Moves after the window has.
    head: watch::Sender<Offset>,
    followers: watch::Sender<usize>,
}

impl Tail {
    /// Follows the log from now on. Ends when nobody holds it any more.
    pub(crate) fn start(ledger: Arc<dyn Ledger>) -> Arc<Self> {
        let newest = ledger.newest();
        let head = *newest.borrow();
        let shared = Arc::new(Shared {
            ledger,
            window: Mutex::new(Window::empty_at(head)),
            head: watch::Sender::new(head),
            followers: watch::Sender::new(0),
        });
        let reading = tokio::spawn(reader::read(Arc::clone(&shared), newest));
        Arc::new(Self { shared, reading })
    }

    /// Somebody who follows, for as long as it is held.
    pub(crate) fn follow(self: &Arc<Self>) -> Following {
        self.shared.followers.send_modify(|followers| *followers += 1);
        Following { head: self.shared.head.subscribe(), tail: Arc::clone(self) }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail").field("head", &*self.shared.head.borrow()).finish_non_exhaustive()
    }
}

/// One who follows the log.
#[derive(Debug)]
pub(crate) struct Following {
    tail: Arc<Tail>,
    head: watch::Receiver<Offset>,
}

impl Following {
    /// Moves when there is more in the tail. Mark it as seen before asking for what is there, and nothing is missed.
    pub(crate) const fn head(&mut self) -> &mut watch::Receiver<Offset> {
        &mut self.head
    }

    /// Up to `max` events after this offset.
    pub(crate) fn after(&self, after: Offset, max: usize) -> Recent {
        self.tail.shared.lock().after(after, max)
    }

    /// Up to `max` events after this offset that pass the filter. `through` is the last one that was looked at.
    pub(crate) fn passing(&self, after: Offset, filter: &EventFilter, max: usize) -> Recent {
        match self.after(after, usize::MAX) {
            Recent::Older => Recent::Older,
            Recent::Events { events, through } => {
                let mut passed: Vec<_> =
                    events.into_iter().filter(|event| event.passes(filter)).take(max + 1).collect();
                let through = match passed.len() > max {
                    true => {
                        passed.truncate(max);
                        passed.last().map_or(after, |last| last.logged.offset)
                    }
                    false => through,
                };
                Recent::Events { events: passed, through }
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.tail.shared.followers.send_modify(|followers| *followers -= 1);
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
