//! A call's place in the line before an order key.

use std::sync::Arc;

use hookyard_domain::id::ConnectionId;
use hookyard_domain::inbox::{Next, Place};
use tokio::sync::oneshot;

use super::{Activation, Agenda, Item};

/// A place in a line, and the key itself once it is first. Dropping it lets the next one go.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(super) agenda: Agenda,
    pub(super) connection: ConnectionId,
    pub(super) order_key: Arc<str>,
    pub(super) place: Place,
    /// Absent once the key is held.
    pub(super) called: Option<oneshot::Receiver<()>>,
    /// Something else stands at its place.
    pub(super) given_up: bool,
}

impl Turn {
    /// Whether the key was its own at once, or is by now.
    pub(crate) fn is_first(&mut self) -> bool {
        if self.called.as_mut().is_some_and(|called| called.try_recv().is_ok()) {
            self.called = None;
        }
        self.called.is_none()
    }

    /// Returns when everything before it is done. May be cancelled and called again.
    pub(crate) async fn come(&mut self) {
        if let Some(called) = &mut self.called {
            // The sender is dropped only with the place itself.
            if called.await.is_ok() {
                self.called = None;
            }
        }
    }

    /// The kept item that stands in the way, if it is one.
    pub(crate) fn in_the_way(&self) -> Option<Item> {
        self.agenda.in_the_way(&self.connection, &self.order_key, self.place)
    }

    /// The webhook that was carried here is in the inbox from now on: it keeps its place. `next`: `None` if it only blocks. `seen`:
    /// as [`Agenda::put_since`] says.
    pub(crate) fn keep(mut self, item: Item, next: Option<Next>, seen: Activation) {
        self.given_up = true;
        self.agenda.put_since(&self.connection, item, Some(&self.order_key), next, seen);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.given_up {
            self.agenda.leave(&self.connection, &self.order_key, self.place);
        }
    }
}
