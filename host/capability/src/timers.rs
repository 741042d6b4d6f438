//! `timers`: calls that the connection's plugin wants to get later.
//!
//! Scope: the connection. Grant: the component exports `timer-handler`. Limit: names, delay, bytes and shape of the payload,
//! timers that an invocation touches and that a connection has, bytes of the commit. Act: collected; the last call for a name wins.

mod wishes;

use std::time::Duration;

use hookyard_domain::json;
use hookyard_domain::limit;
use serde::de::IgnoredAny;

use crate::budget::RECORD_BYTES;
use crate::effects::Effects;
use crate::kv_store::granted;
use crate::refusal::{HostFailure, Refusal};

use wishes::Wish;
pub(crate) use wishes::Wishes;

impl Effects {
    /// Starts the timer `name` with the commit, in place of one of that name; it is due `delay_seconds` after this call.
    pub async fn start_timer(
        &mut self,
        name: String,
        delay_seconds: u32,
        payload: String,
    ) -> Result<Result<(), Refusal>, HostFailure> {
        let due_at = self.services.clock.now().after(granted!(self.delay(&name, delay_seconds)));
        granted!(check_payload(&name, &payload));
        granted!(self.timers.touch(&name));
        if self.timers.count_is_unknown() {
            let names = self.services.ledger.timer_names(&self.scope.connection).await;
            let names = names.map_err(|error| HostFailure::new("reading the names of timers", error))?;
            // The one that fires now is gone with this commit.
            let firing = self.scope.firing.as_deref();
            self.timers.count(names.into_iter().filter(|name| Some(name.as_str()) != firing));
        }
        granted!(self.timers.room_for(&name));
        Ok(self.wish(name, Wish::Start { due_at, payload }))
    }

    /// Cancels the timer `name` with the commit; succeeds also when there is none.
    pub fn cancel_timer(&mut self, name: String) -> Result<(), Refusal> {
        check_name(&name)?;
        self.timers.touch(&name)?;
        self.wish(name, Wish::Cancel)
    }

    /// The checked delay of a timer that may be started at all.
    fn delay(&self, name: &str, delay_seconds: u32) -> Result<Duration, Refusal> {
        if !self.scope.has_timer_handler {
            return Err(Refusal::unsupported(format!(
                "{} does not export timer-handler, so that nobody would be there when {name:?} is due",
                self.scope.plugin
            )));
        }
        check_name(name)?;
        let delay = Duration::from_secs(u64::from(delay_seconds));
        if delay > limit::TIMER_DELAY_MAX {
            return Err(Refusal::invalid(format!(
                "{name:?} would be due in {delay_seconds} seconds; {} are the most",
                limit::TIMER_DELAY_MAX.as_secs()
            )));
        }
        Ok(delay)
    }

    fn wish(&mut self, name: String, wish: Wish) -> Result<(), Refusal> {
        let payload = if let Wish::Start { payload, .. } = &wish { payload.len() } else { 0 };
        let cost = RECORD_BYTES + name.len() + payload;
        self.budget.exchange(self.timers.cost(&name), cost)?;
        self.timers.wish(name, wish, cost);
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let problem = if name.is_empty() {
        "is empty".to_owned()
    } else if name.len() > limit::TIMER_NAME_BYTES_MAX {
        format!("has {} bytes; {} are the most", name.len(), limit::TIMER_NAME_BYTES_MAX)
    } else if name.chars().any(char::is_control) {
        "holds a control character".to_owned()
    } else {
        return Ok(());
    };
    Err(Refusal::invalid(format!("the name of a timer {problem}")))
}

fn check_payload(name: &str, payload: &str) -> Result<(), Refusal> {
    if payload.len() > limit::TIMER_PAYLOAD_BYTES_MAX {
        return Err(Refusal::too_large(format!(
            "the payload of {name:?} has {} bytes; at most {} are kept",
            payload.len(),
            limit::TIMER_PAYLOAD_BYTES_MAX
        )));
    }
    if json::depth(payload) > limit::JSON_DEPTH_MAX {
        return Err(Refusal::invalid(format!(
            "the payload of {name:?} is nested deeper than {} levels",
            limit::JSON_DEPTH_MAX
        )));
    }
    match serde_json::from_str::<IgnoredAny>(payload) {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::invalid(format!("the payload of {name:?} is not JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests;
