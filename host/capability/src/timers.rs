//! `timers`: not offered by this host yet; every call is refused and says so.

use crate::effects::Effects;
use crate::refusal::Refusal;

impl Effects {
    /// Refuses to start the timer `name`.
    pub fn start_timer(&self, name: &str) -> Result<(), Refusal> {
        Err(Refusal::unsupported(format!("this host does not keep timers; {name:?} was not started")))
    }

    /// Refuses to cancel the timer `name`.
    pub fn cancel_timer(&self, name: &str) -> Result<(), Refusal> {
        Err(Refusal::unsupported(format!("this host does not keep timers; there is no {name:?} to cancel")))
    }
}
