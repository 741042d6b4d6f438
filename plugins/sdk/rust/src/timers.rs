//! Durable timers: calls that this plugin wants to get later, as [`Plugin::fire`](crate::Plugin::fire).
//!
//! A timer is set with the commit of the invocation that starts it, survives restarts, and fires at least once and effective once:
//! it is gone with the commit of the invocation in which it fires, unless it is started again within it. What was due while the
//! host was down fires when it is up again.
//!
//! A timer whose firing fails with [`Error::unavailable`](crate::Error::unavailable), a trap or a deadline is fired again, with
//! growing waits; after [`Error::unauthorized`](crate::Error::unauthorized) it waits until the connection is activated; after
//! [`Error::failed`](crate::Error::failed) and [`Error::invalid`](crate::Error::invalid) it is fired again by an operator only.
//!
//! ```
//! # use std::time::Duration;
//! # use hookyard_sdk::manifest::{ActionKind, EventKind, Manifest};
//! # use hookyard_sdk::testing::Host;
//! # use hookyard_sdk::{Action, Error, Event, NoConfig, Output, Plugin, Timer, timers};
//! # use serde_json::json;
//! struct Reminders;
//!
//! impl Plugin for Reminders {
//!     type Config = NoConfig;
//! #   fn manifest() -> Manifest {
//! #       Manifest::new("reminders", "1.0.0")
//! #           .action(ActionKind::new::<String, ()>("remind"))
//! #           .event(EventKind::new::<String>("reminder.due"))
//! #   }
//!
//!     fn run(_: NoConfig, action: Action) -> Result<Output, Error> {
//!         timers::start("reminder", Duration::from_secs(3_600), &action.input::<String>()?)?;
//!         Output::new(&())
//!     }
//!
//!     fn fire(_: NoConfig, timer: Timer) -> Result<(), Error> {
//!         Ok(Event::new("reminder.due").emit(&timer.payload::<String>()?)?)
//!     }
//! }
//!
//! hookyard_sdk::export!(Reminders: actions, timers);
//!
//! let host = Host::<Reminders>::new(&json!({}));
//! host.action("remind", &json!("tea")).expect("started");
//! host.advance(3_600);
//! assert_eq!(host.fire_due(), [("reminder".to_owned(), Ok(()))]);
//! assert_eq!(host.events()[0].data.get(), "\"tea\"");
//! ```

use std::time::Duration;

use serde::Serialize;

use crate::{Refusal, imports};

/// Starts a timer that is due so long after this call, in place of one of this name. Parts of a second count as a whole one.
///
/// `payload` comes back with it, as it is serialised here. Refused as `invalid` when the name is empty, longer than 256 bytes or
/// holds a control character, when the delay is longer than 366 days, or when the payload is nested deeper than 64 levels; as `too-large` when the payload has more than 64 KiB; as
/// `too-many` when the connection has 1,000 timers, or the invocation has started and cancelled 100; as `unsupported` when the
/// plugin does not export `timers`.
pub fn start(name: &str, after: Duration, payload: &impl Serialize) -> Result<(), Refusal> {
    let payload = serde_json::to_string(payload).map_err(|error| Refusal::invalid(error.to_string()))?;
    let seconds = after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0));
    imports::start_timer(name, u32::try_from(seconds).unwrap_or(u32::MAX), payload)
}

/// Ends a timer; succeeds also when there is none.
pub fn cancel(name: &str) -> Result<(), Refusal> {
    imports::cancel_timer(name)
}
