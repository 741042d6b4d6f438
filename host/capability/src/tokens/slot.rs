//! One way to get a token: what is at hand of it, and who fetches it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::secret::Secret;
use tokio::sync::watch;

use crate::http_request::failure::Failure;

use super::kept::Kept;
use super::refusals::Refusals;

/// A token at hand.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) token: Secret,
    /// The number of tokens that this way has given since the host started.
    pub(super) generation: u64,
}

/// What a fetch has come to; `None` as long as it runs.
pub(super) type Outcome = Option<Result<Held, Failure>>;

/// How somebody who needs a token goes on.
pub(super) enum Start {
    /// It is at hand.
    Have(Held),
    /// Somebody is fetching it.
    Wait(watch::Receiver<Outcome>),
    /// There is none, and none is to be asked for yet.
    Refused(Failure),
    /// He is to fetch it, and to tell all who wait.
    Fetch(watch::Sender<Outcome>, watch::Receiver<Outcome>),
}

/// What is known of one way to get a token.
pub(super) struct Slot {
    /// The hash of what the fetch consists of.
    pub(super) key: [u8; 16],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<(Held, Option<Timestamp>)>,
    generation: u64,
    fetching: Option<watch::Receiver<Outcome>>,
    used_at: Option<Timestamp>,
    memory: Memory,
    refusals: Refusals,
}

/// What a fetch begins with, and leaves to the next one.
#[derive(Clone, Default)]
pub(super) struct Memory {
    /// Whether the store was asked for what was kept before the host started.
    pub(super) asked_store: bool,
    /// The refresh token that the provider gave last; durable.
    pub(super) refresh_token: Option<Secret>,
    /// What was fetched with a new refresh token and could not be kept yet. Nothing of it may be used before it is: the refresh token
    /// is the only one that there is.
    pub(super) unkept: Option<Kept>,
}

impl State {
    fn usable(&mut self, now: Timestamp) -> Option<Held> {
        self.used_at = Some(now);
        let (held, until) = self.current.as_ref()?;
        until.is_none_or(|until| now < until).then(|| held.clone())
    }
}

impl Slot {
    pub(super) fn new(key: [u8; 16]) -> Self {
        Self { key, state: Mutex::default() }
    }

    /// The token at hand, if it is good now.
    pub(super) fn usable(&self, now: Timestamp) -> Option<Held> {
        self.locked().usable(now)
    }

    /// The same; where there is none, either nobody fetches one yet and the caller must, or it is to wait.
    pub(super) fn start(&self, now: Timestamp) -> Start {
        let mut state = self.locked();
        if let Some(held) = state.usable(now) {
            return Start::Have(held);
        }
        // One that panicked has told nobody, and is gone.
        let running =
            state.fetching.as_ref().filter(|outcome| outcome.has_changed().is_ok() || outcome.borrow().is_some());
        if let Some(outcome) = running {
            return Start::Wait(outcome.clone());
        }
        if let Some(failure) = state.refusals.standing(now) {
            return Start::Refused(failure);
        }
        let (tell, outcome) = watch::channel(None);
        state.fetching = Some(outcome.clone());
        Start::Fetch(tell, outcome)
    }

    /// Makes a token the one at hand, `until` then.
    pub(super) fn install(&self, token: Secret, until: Option<Timestamp>) -> Held {
        let mut state = self.locked();
        state.generation += 1;
        let held = Held { token, generation: state.generation };
        state.current = Some((held.clone(), until));
        held
    }

    /// The fetch is over; tells all who wait for it.
    pub(super) fn finish(&self, tell: &watch::Sender<Outcome>, obtained: Result<Held, Failure>, now: Timestamp) {
        let mut state = self.locked();
        state.fetching = None;
        state.refusals.note(&obtained, now);
        drop(state);
        tell.send_replace(Some(obtained));
    }

    /// Drops the token of this generation, if it is still the one at hand.
    pub(super) fn refuse(&self, generation: u64) {
        let mut state = self.locked();
        if state.current.as_ref().is_some_and(|(held, _)| held.generation == generation) {
            state.current = None;
        }
    }

    pub(super) fn memory(&self) -> Memory {
        self.locked().memory.clone()
    }

    pub(super) fn remember(&self, memory: Memory) {
        self.locked().memory = memory;
    }

    /// Since when nobody has asked for it; `None` where it must not be forgotten.
    pub(super) fn idle_since(&self) -> Option<Timestamp> {
        let state = self.locked();
        state.used_at.filter(|_| state.memory.unkept.is_none())
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
