//! How a connection is doing, and what is left to do about it. None of it gates webhooks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::connection::{Health, HealthStatus};
use hookyard_domain::invocation::{ErrorKind, PluginError};

use tokio::sync::Notify;

use super::Connection;
use super::telling::Telling;

/// The code of the health of which nothing is known yet.
pub(super) const ACTIVATING: &str = "activating";

/// The part of a connection that changes while it works.
#[derive(Debug)]
pub(crate) struct Condition {
    state: Mutex<State>,
    /// Held by the activation or deactivation that runs, also by that of the connection which it succeeds.
    pub(crate) activating: Arc<tokio::sync::Mutex<()>>,
    /// Wakes whoever activates it in the background.
    pub(crate) look_again: Notify,
    /// Another one stands in its place.
    retired: AtomicBool,
    /// Wakes whoever waits to activate it again, when it is retired.
    ended: Notify,
    /// What was told of its health; also by the connection which it succeeds.
    pub(super) telling: Arc<Telling>,
}

#[derive(Debug, Clone)]
struct State {
    health: Arc<Health>,
    /// What the operator should know of a connection although it is healthy.
    hint: Option<(String, String)>,
    trouble: Option<Trouble>,
    setup: Arc<[String]>,
    /// Counts activations that have ended.
    activations: u64,
    /// Health and setup are those of the connection that it succeeds.
    inherited: bool,
}

/// What made the connection unhealthy, which decides what makes it healthy again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// `activate` failed: only the next one that succeeds tells that all is well.
    Activation,
    /// The provider refused the credentials in some other call.
    Call,
}

impl Condition {
    /// Begins with this health. `hint` is a code and a sentence that a healthy connection shows.
    pub(crate) fn new(health: Health, hint: Option<(String, String)>) -> Self {
        let setup = Arc::from([]);
        let state = State { health: Arc::new(health), hint, trouble: None, setup, activations: 0, inherited: false };
        Self {
            state: Mutex::new(state),
            activating: Arc::default(),
            look_again: Notify::default(),
            retired: AtomicBool::default(),
            ended: Notify::default(),
            telling: Arc::default(),
        }
    }

    /// `new` after `old`: neither is activated while the other one is. If it `works_on`, it also begins with what is known of `old`.
    pub(super) fn after(old: &Self, new: &Self, works_on: bool) -> Self {
        let mut state = new.with(|state| state.clone());
        let known = old.with(|old| old.clone());
        let says = |status| matches!(status, HealthStatus::Healthy | HealthStatus::Unhealthy);
        if works_on && says(known.health.status) && says(state.health.status) {
            state = State { hint: state.hint, activations: 0, inherited: true, ..known };
            state.say_hint();
        }
        Self {
            state: Mutex::new(state),
            activating: Arc::clone(&old.activating),
            look_again: Notify::default(),
            retired: AtomicBool::default(),
            ended: Notify::default(),
            telling: Arc::clone(&old.telling),
        }
    }

    pub(super) fn hint(&self) -> Option<(String, String)> {
        self.with(|state| state.hint.clone())
    }

    /// Shows this hint from now on, as long as the connection is healthy.
    pub(super) fn show(&self, hint: Option<(String, String)>) {
        self.with(|state| {
            state.hint = hint;
            state.say_hint();
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn fail(&mut self, trouble: Trouble, error: &PluginError, now: Timestamp) {
        let same = self.health.status == HealthStatus::Unhealthy && self.health.code.as_ref() == Some(&error.code);
        self.trouble = Some(trouble);
        self.health = Arc::new(Health {
            status: HealthStatus::Unhealthy,
            code: Some(error.code.clone()),
            message: Some(error.message.clone()),
            since: if same { self.health.since } else { now },
        });
    }

    fn say_hint(&mut self) {
        if self.health.status != HealthStatus::Unhealthy && self.health.status != HealthStatus::Invalid {
            let (code, message) = self.hint.clone().unzip();
            self.health = Arc::new(Health { code, message, ..Health::clone(&self.health) });
        }
    }

    /// Whether that changed anything.
    fn recover(&mut self, now: Timestamp) -> bool {
        if self.health.status != HealthStatus::Unhealthy {
            return false;
        }
        let (code, message) = self.hint.clone().unzip();
        self.trouble = None;
        self.health = Arc::new(Health { status: HealthStatus::Healthy, code, message, since: now });
        true
    }
}

impl Connection {
    /// How it is doing. This never gates webhooks.
    pub fn health(&self) -> Arc<Health> {
        self.condition.with(|state| Arc::clone(&state.health))
    }

    /// What is left to do by hand, as its plugin said when it was last activated.
    pub fn setup(&self) -> Arc<[String]> {
        self.condition.with(|state| Arc::clone(&state.setup))
    }

    /// Another one takes its place: what it does in the background comes to its end.
    pub(crate) fn retire(&self) {
        self.condition.retired.store(true, Ordering::SeqCst);
        self.condition.look_again.notify_one();
        self.condition.ended.notify_one();
    }

    /// Returns when another one takes its place. One at a time may wait.
    pub(crate) async fn end(&self) {
        while !self.is_retired() {
            self.condition.ended.notified().await;
        }
    }

    /// Whether another one has taken its place.
    pub(crate) fn is_retired(&self) -> bool {
        self.condition.retired.load(Ordering::SeqCst)
    }

    /// How many activations have ended, whatever came of them.
    pub(crate) fn activations(&self) -> u64 {
        self.condition.with(|state| state.activations)
    }

    /// The provider refused the credentials in a call: unhealthy from now on. If it was healthy, it is activated again to see
    /// whether that is so.
    pub(crate) fn refused(&self, error: &PluginError, now: Timestamp) {
        tracing::warn!(connection = %self.id, code = ?error.code, message = ?error.message, "connection unhealthy");
        let was_healthy = self.condition.with(|state| {
            let was_healthy = state.trouble.is_none();
            let trouble = state.trouble.unwrap_or(Trouble::Call);
            state.fail(trouble, error, now);
            was_healthy
        });
        if was_healthy {
            self.condition.look_again.notify_one();
        }
    }

    /// An activation failed. What is left to do by hand stays what it was, unless the error says otherwise.
    pub(crate) fn not_activated(&self, error: &PluginError, setup: Option<Vec<String>>, now: Timestamp) {
        tracing::warn!(connection = %self.id, code = ?error.code, message = ?error.message, "activation failed");
        self.condition.with(|state| {
            state.activations += 1;
            state.setup = setup.map_or_else(|| Arc::clone(&state.setup), Arc::from);
            state.fail(Trouble::Activation, error, now);
        });
    }

    /// It is about to be activated for the first time: until then nobody knows how it is doing, unless it succeeds one of which
    /// that is known.
    pub(crate) fn awaits_activation(&self, now: Timestamp) {
        let error = PluginError::new(ErrorKind::Unavailable, ACTIVATING, "it has not been activated yet");
        self.condition.with(|state| {
            if !state.inherited {
                state.fail(Trouble::Activation, &error, now);
            }
        });
    }

    /// An activation succeeded and left this to do by hand.
    pub(crate) fn activated(&self, setup: Vec<String>, now: Timestamp) {
        let recovered = self.condition.with(|state| {
            state.activations += 1;
            state.setup = setup.into();
            state.recover(now)
        });
        tracing::info!(connection = %self.id, recovered, "connection activated");
    }

    /// Whether something has gone wrong since its last activation, so that what waits for one waits for the next: that comes by
    /// itself, or the connection's health says why not.
    pub(crate) fn is_refused_again(&self) -> bool {
        self.has_lifecycle() && self.condition.with(|state| state.trouble.is_some())
    }

    /// A call that began at `began` succeeded. It tells that the provider takes the credentials again if the provider has
    /// accepted a request in it and it began after the trouble did; of a plugin that cannot be activated, any success has to do.
    /// Returns whether it has recovered by that.
    pub(crate) fn call_succeeded(&self, provider_accepted: bool, began: Timestamp, now: Timestamp) -> bool {
        if !provider_accepted && self.has_lifecycle() {
            return false;
        }
        let recovered = self
            .condition
            .with(|state| state.trouble == Some(Trouble::Call) && began >= state.health.since && state.recover(now));
        if recovered {
            tracing::info!(connection = %self.id, "connection recovered");
        }
        recovered
    }

    /// Whether its plugin can be activated.
    pub(crate) fn has_lifecycle(&self) -> bool {
        self.ready.as_ref().is_some_and(|ready| ready.plugin.component.exports().lifecycle)
    }
}
