//! An event of the log in the forms in which it leaves the host.

use std::sync::OnceLock;

use bytes::Bytes;
use hookyard_domain::event::{EventFilter, LoggedEvent};

use crate::cloud_event::CloudEvent;

/// An event, with what all who read it need of it, made once.
#[derive(Debug)]
pub(crate) struct TailEvent {
    pub(crate) logged: LoggedEvent,
    pub(crate) event_type: String,
    json: OnceLock<Bytes>,
    block: OnceLock<Bytes>,
}

impl TailEvent {
    pub(crate) fn new(logged: LoggedEvent) -> Self {
        let event_type = logged.event.event_type();
        Self { event_type, logged, json: OnceLock::new(), block: OnceLock::new() }
    }

    /// The CloudEvent.
    pub(crate) fn json(&self) -> &Bytes {
        self.json.get_or_init(|| {
            // It consists of texts and of JSON that was checked, so that writing it cannot fail.
            serde_json::to_vec(&CloudEvent::from(&self.logged)).expect("an event is written as JSON").into()
        })
    }

    /// The CloudEvent as a block of server-sent events.
    pub(crate) fn block(&self) -> &Bytes {
        self.block.get_or_init(|| {
            let mut block = format!("id: {}\nevent: {}\ndata: ", self.logged.offset, self.event_type).into_bytes();
            // Between its tokens a plugin's data may hold line ends, which end a field here. Within strings JSON has none, so
            // that a blank says the same, and a reader gets each event on one line.
            let line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
            block.extend(self.json().iter().map(|byte| if line_end(byte) { b' ' } else { *byte }));
            block.extend_from_slice(b"\n\n");
            block.into()
        })
    }

    /// Whether a filter lets it pass.
    pub(crate) fn passes(&self, filter: &EventFilter) -> bool {
        let event = &self.logged.event;
        let connection = event.origin.connection().map(|id| id.as_str());
        filter.matches(&self.event_type, connection, event.subject.as_deref())
    }
}
