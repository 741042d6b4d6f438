//! Timers of one connection: what is committed, and what the running invocation has started and cancelled.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{Error, ErrorKind, Refusal};

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Largest payload, in bytes.
const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// Longest delay, in seconds: 366 days.
const DELAY_SECONDS_MAX: u32 = 366 * 24 * 60 * 60;
/// Timers that one invocation starts and cancels.
const TOUCHED_MAX: usize = 100;
/// Timers of a connection.
const TIMERS_MAX: usize = 1_000;

/// A timer that was started and has neither fired with effect nor been cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The name that it was started under.
    pub name: String,
    /// The JSON that it was started with.
    pub payload: Value,
    /// When it is due, in seconds since 1970.
    pub due_at: u64,
    /// How often it has been fired without effect.
    pub attempts: u32,
    /// It is not fired again by itself.
    pub failed: bool,
}

#[derive(Debug, Clone)]
struct Stored {
    payload: String,
    due_at: u64,
    generation: u64,
    attempts: u32,
    failed: bool,
}

/// The timers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timers {
    started: BTreeMap<String, Stored>,
    /// Whether the plugin exports `timers`.
    handled: bool,
    now: u64,
    starts: u64,
    touched: BTreeSet<String>,
}

/// A timer on its way to the plugin.
pub(super) struct Firing {
    pub(super) payload: String,
    /// Another one for each start.
    pub(super) generation: u64,
    pub(super) attempt: u32,
    /// The timers without it.
    pub(super) rest: Timers,
}

impl Timers {
    pub(super) fn of_plugin(handled: bool) -> Self {
        Self { handled, ..Self::default() }
    }

    /// The same timers for an invocation at this time.
    pub(super) fn at(&self, now: u64) -> Self {
        Self { now, touched: BTreeSet::new(), ..self.clone() }
    }

    pub(crate) fn start(&mut self, name: &str, delay_seconds: u32, payload: String) -> Result<(), Refusal> {
        if !self.handled {
            return Err(refused("unsupported", "`export!` does not name `timers`, so that nothing would fire it"));
        }
        check_name(name)?;
        if delay_seconds > DELAY_SECONDS_MAX {
            return Err(refused("invalid", format!("a timer may be due in {DELAY_SECONDS_MAX} seconds at most")));
        }
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(refused("too-large", format!("a payload may have {PAYLOAD_BYTES_MAX} bytes")));
        }
        self.touch(name)?;
        if self.started.len() >= TIMERS_MAX && !self.started.contains_key(name) {
            return Err(refused("too-many", format!("a connection may have {TIMERS_MAX} timers")));
        }
        self.starts += 1;
        let due_at = self.now + u64::from(delay_seconds);
        let stored = Stored { payload, due_at, generation: self.starts, attempts: 0, failed: false };
        self.started.insert(name.to_owned(), stored);
        Ok(())
    }

    pub(crate) fn cancel(&mut self, name: &str) -> Result<(), Refusal> {
        check_name(name)?;
        self.touch(name)?;
        self.started.remove(name);
        Ok(())
    }

    /// All of them, by name.
    pub(super) fn all(&self) -> Vec<Started> {
        let shown = |(name, stored): (&String, &Stored)| Started {
            name: name.clone(),
            payload: serde_json::from_str(&stored.payload).expect("a payload is made by serialising"),
            due_at: stored.due_at,
            attempts: stored.attempts,
            failed: stored.failed,
        };
        self.started.iter().map(shown).collect()
    }

    /// The names of those that are to be fired at this time, the one that is due for longest first.
    pub(super) fn due(&self, now: u64) -> Vec<String> {
        let due = self.started.iter().filter(|(_, stored)| stored.due_at <= now && !stored.failed);
        let mut due: Vec<_> = due.map(|(name, stored)| (stored.due_at, name.clone())).collect();
        due.sort();
        due.into_iter().map(|(_, name)| name).collect()
    }

    /// Prepares the firing of this timer, at this time.
    pub(super) fn firing(&self, name: &str, now: u64) -> Option<Firing> {
        let mut rest = self.at(now);
        let Stored { payload, generation, attempts, .. } = rest.started.remove(name)?;
        Some(Firing { payload, generation, attempt: attempts + 1, rest })
    }

    /// The firing of this timer had no effect.
    pub(super) fn not_fired(&mut self, name: &str, error: &Error) {
        if let Some(stored) = self.started.get_mut(name) {
            stored.attempts += 1;
            stored.failed = matches!(error.kind, ErrorKind::Invalid | ErrorKind::Failed);
        }
    }

    fn touch(&mut self, name: &str) -> Result<(), Refusal> {
        if self.touched.len() >= TOUCHED_MAX && !self.touched.contains(name) {
            return Err(refused("too-many", format!("an invocation may start and cancel {TOUCHED_MAX} timers")));
        }
        self.touched.insert(name.to_owned());
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    match name.len() {
        1..=NAME_BYTES_MAX if !name.chars().any(char::is_control) => Ok(()),
        _ => Err(refused(
            "invalid",
            format!("a timer's name has 1 to {NAME_BYTES_MAX} bytes without control characters"),
        )),
    }
}

fn refused(code: &str, message: impl Into<String>) -> Refusal {
    Refusal { code: code.to_owned(), message: message.into() }
}
