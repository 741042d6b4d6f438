//! The invocation that runs on this thread, as the imports see it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::answer::Emitted;
use super::keys::Keys;
use super::outbound::Outbound;
use super::timers::Timers;
use crate::log::Level;
use crate::time::parse_rfc3339;
use crate::{Event, RawValue, Refusal};

thread_local! {
    static RUNNING: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// Most bytes of an event's data, less what the host counts besides within the 1 MiB of a commit.
const EVENT_BYTES_MAX: usize = 1024 * 1024 - 4 * 1024;

/// The schema of each declared kind.
pub(super) type Kinds = Rc<BTreeMap<String, jsonschema::Validator>>;

/// What one invocation has been given and has done so far.
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) cause: String,
    pub(crate) attempt: u32,
    /// Seconds since 1970.
    pub(crate) now: u64,
    pub(crate) config: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) keys: Keys,
    pub(crate) timers: Timers,
    pub(crate) outbound: Rc<Outbound>,
    /// How many times random bytes were asked for.
    pub(crate) draws: u32,
    pub(crate) log: Vec<(Level, String)>,
    pub(super) events: Vec<Emitted>,
    pub(super) kinds: Kinds,
}

impl Run {
    pub(crate) fn emit(&mut self, event: Event, data: String) -> Result<(), Refusal> {
        let Event { kind, subject, dedupe_key, time } = event;
        let Some(schema) = self.kinds.get(&kind) else {
            return Err(Refusal::invalid(format!("the manifest declares no event `{kind}`")));
        };
        let value = serde_json::from_str(&data).map_err(|error| Refusal::invalid(error.to_string()))?;
        if let Some(problem) = schema.iter_errors(&value).next() {
            return Err(Refusal::invalid(format!("`{kind}`: {problem} at `{}`", problem.instance_path())));
        }
        if subject.as_deref() == Some("") {
            return Err(Refusal::invalid("a subject must not be empty"));
        }
        if dedupe_key.as_deref() == Some("") {
            return Err(Refusal::invalid("a dedupe key must not be empty"));
        }
        if let Some(time) = time.as_deref().filter(|time| parse_rfc3339(time).is_none()) {
            return Err(Refusal::invalid(format!("{time:?} is not a time of RFC 3339 that the host takes")));
        }
        if data.len() > EVENT_BYTES_MAX {
            let message =
                format!("data of event `{kind}` has {} bytes; at most {EVENT_BYTES_MAX} are taken", data.len());
            return Err(Refusal { code: "too-large".to_owned(), message });
        }
        let data = RawValue::from_string(data).map_err(|error| Refusal::invalid(error.to_string()))?;
        self.events.push(Emitted { kind, data, subject, dedupe_key, time });
        Ok(())
    }

    /// Other bytes at each call, and the same ones in each run of a test.
    pub(crate) fn random(&mut self, length: u32) -> Vec<u8> {
        self.draws += 1;
        super::crypto::random(&format!("{} {}", self.id, self.draws), length)
    }

    /// Depends on the cause and the purpose, and on nothing else.
    pub(crate) fn idempotency_key(&self, purpose: &str) -> String {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, &self.cause, purpose).hash(&mut hasher);
            hasher.finish()
        };
        format!("{:016x}{:016x}", half(0), half(1))
    }
}

/// Runs `call` as the invocation `run`, and gives back what the invocation has become.
pub(super) fn invoke<T>(run: Run, call: impl FnOnce() -> T) -> (T, Run) {
    RUNNING.with(|running| *running.borrow_mut() = Some(run));
    let returned = call();
    let run = RUNNING.with(|running| running.borrow_mut().take()).expect("only this function takes it");
    (returned, run)
}

/// Asks the running invocation.
pub(crate) fn running<T>(ask: impl FnOnce(&mut Run) -> T) -> T {
    RUNNING.with(|running| {
        let mut running = running.borrow_mut();
        ask(running
            .as_mut()
            .expect("capabilities work within an invocation only: call the plugin through testing::Host"))
    })
}
