//! The newest part of the event log, read once for all who follow it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hookyard_domain::event::{LoggedEvent, Offset};
use hookyard_store::Ledger;
use tokio::sync::watch;

use crate::cloud_event::CloudEvent;

/// Reads each new event once and keeps the last ones (up to [`TAIL_EVENTS_MAX`](hookyard_domain::limit::TAIL_EVENTS_MAX) and
/// [`TAIL_BYTES_MAX`](hookyard_domain::limit::TAIL_BYTES_MAX)). Reads nothing as long as nobody follows.
pub struct Tail {}

/// What the tail has after an offset.
pub(crate) enum Recent {
    /// These, in order; every event up to `through` has been looked at.
    Events {
        /// The events; none, when there are none.
        events: Vec<Arc<TailEvent>>,
        /// Where to go on.
        through: Offset,
    },
    /// The offset lies before what is kept: read the log.
    Older,
}

impl Tail {
    /// Follows the log from now on.
    pub(crate) fn start(_ledger: Arc<dyn Ledger>) -> Arc<Self> {
        unimplemented!("F")
    }

    /// Somebody who follows, for as long as it is held.
    pub(crate) fn follow(self: &Arc<Self>) -> Following {
        unimplemented!("F")
    }
}

/// One who follows the log.
pub(crate) struct Following {}

impl Following {
    /// Moves when there is more in the tail.
    pub(crate) fn head(&mut self) -> &mut watch::Receiver<Offset> {
        unimplemented!("F")
    }

    /// Up to `max` events after this offset.
    pub(crate) fn after(&self, _after: Offset, _max: usize) -> Recent {
        unimplemented!("F")
    }
}

/// An event, with what all who read it need of it, made once.
#[derive(Debug)]
pub(crate) struct TailEvent {
    pub(crate) logged: LoggedEvent,
    pub(crate) event_type: String,
    json: OnceLock<Bytes>,
}

impl TailEvent {
    pub(crate) fn new(logged: LoggedEvent) -> Self {
        Self { event_type: logged.event.event_type(), logged, json: OnceLock::new() }
    }

    /// The CloudEvent.
    pub(crate) fn json(&self) -> &Bytes {
        self.json.get_or_init(|| {
            // It consists of texts and of JSON that was checked, so that writing it cannot fail.
            serde_json::to_vec(&CloudEvent::from(&self.logged)).expect("an event is written as JSON").into()
        })
    }
}
