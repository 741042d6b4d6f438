//! `emit-event`.

use hookyard_capability::NewEvent;

use crate::bindings::hookyard::plugin::emit_event::{Event, Host};
use crate::guest::Guest;

use super::{Answer, refused};

impl Host for Guest {
    async fn emit(&mut self, event: Event) -> Answer<()> {
        let Event { kind, data, subject, dedupe_key, time } = event;
        let event = NewEvent { kind, data, subject, dedupe_key, time };
        Ok(self.effects("emit-event.emit")?.emit(event).map_err(refused))
    }
}
