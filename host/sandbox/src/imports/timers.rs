//! `timers`.

use crate::bindings::hookyard::plugin::timers::Host;
use crate::guest::Guest;

use super::{Answer, answer, refused};

impl Host for Guest {
    async fn start(&mut self, name: String, delay_seconds: u32, payload: String) -> Answer<()> {
        let result = self.effects("timers.start")?.start_timer(name, delay_seconds, payload).await;
        answer(self, result)
    }

    async fn cancel(&mut self, name: String) -> Answer<()> {
        Ok(self.effects("timers.cancel")?.cancel_timer(name).map_err(refused))
    }
}
