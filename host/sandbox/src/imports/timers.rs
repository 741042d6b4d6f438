//! `timers`.

use crate::bindings::hookyard::plugin::timers::Host;
use crate::guest::Guest;

use super::{Answer, refused};

impl Host for Guest {
    async fn start(&mut self, name: String, _delay_seconds: u32, _payload: String) -> Answer<()> {
        Ok(self.effects("timers.start")?.start_timer(&name).map_err(refused))
    }

    async fn cancel(&mut self, name: String) -> Answer<()> {
        Ok(self.effects("timers.cancel")?.cancel_timer(&name).map_err(refused))
    }
}
