//! One call into a fresh instance, which is gone afterwards whatever happened in it.

use hookyard_capability::HostFailure;
use hookyard_domain::invocation::{ErrorKind, PluginError};
use tokio::time::Instant;
use wasmtime::component::Instance;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use crate::bindings::hookyard::plugin::types;
use crate::component::{Component, Loaded};
use crate::guest::{Guest, Task};
use crate::invocation::Invocation;
use crate::meter::Meter;
use crate::outcome::{Deadline, Finished, Outcome, Usage};
use crate::plugin_error;
use crate::sandbox::Sandbox;
use crate::trap::Broken;

/// A function of the contract with its arguments.
pub(crate) trait Call: Send {
    /// What it returns.
    type Answer: Send;

    /// Calls it.
    fn call(
        self,
        component: &Loaded,
        store: &mut Store<Guest>,
        instance: &Instance,
    ) -> impl Future<Output = wasmtime::Result<Result<Self::Answer, CallError>>> + Send;
}

/// An error that the plugin is answerable for, though it did not trap.
pub(crate) enum CallError {
    /// It returned one.
    Returned(types::Error),
    /// What it returned cannot be used.
    Unusable(PluginError),
}

impl CallError {
    /// What was returned cannot be used, for this reason: `failed`.
    pub(crate) fn unusable(code: &str, message: String) -> Self {
        Self::Unusable(PluginError::new(ErrorKind::Failed, code, message))
    }
}

impl Sandbox {
    /// Runs one call within its bounds.
    pub(crate) async fn invoke<C: Call>(
        &self,
        component: &Component,
        invocation: Invocation,
        call: C,
    ) -> Finished<C::Answer> {
        let began = Instant::now();
        let limits = invocation.limits;
        let deadline = began + limits.deadline;
        let loaded = component.loaded();
        let tier = self.tier(loaded.pooled);
        let Some(_slots) = tier.slots(loaded.slots, deadline).await else {
            let usage = Usage { wall: began.elapsed(), ..Usage::default() };
            return Finished { outcome: Outcome::Busy, effects: invocation.effects, usage };
        };
        let meter = Meter::default();
        let guest = Guest::new(Task::Serve(Box::new(invocation)), limits.memory_bytes, &self.surroundings);
        let mut store = tier.store(guest, limits.cpu, &meter);
        let work = meter.measure(async {
            let instance = loaded.code.instantiate_async(&mut store).await?;
            call.call(loaded, &mut store, &instance).await
        });
        let ended = tokio::time::timeout_at(deadline, work).await;
        let memory_bytes = store.data().bounds.memory_bytes();
        let ended = match ended {
            Ok(Ok(answer)) => Ended::Answered(answer),
            Ok(Err(error)) => Ended::of_error(&error, store.data()),
            Err(_) => Ended::Late,
        };
        // Only now that the instance is gone is its log complete.
        let (task, failure) = store.into_data().finish();
        let Task::Serve(invocation) = task else { unreachable!("the guest was given an invocation") };
        let effects = invocation.effects;
        let outcome = ended.outcome(failure, effects.log()).shown(&effects.redactor());
        Finished { outcome, effects, usage: Usage { wall: began.elapsed(), cpu: meter.spent(), memory_bytes } }
    }
}

/// How the call itself ended, before it is known whether the host failed in it.
enum Ended<T> {
    Answered(Result<T, CallError>),
    Late,
    SpentCpu,
    PoolExhausted,
    Broke(Broken),
}

impl<T> Ended<T> {
    fn of_error(error: &wasmtime::Error, guest: &Guest) -> Self {
        if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) {
            Self::SpentCpu
        } else if error.is::<PoolConcurrencyLimitError>() {
            Self::PoolExhausted
        } else {
            Self::Broke(Broken::new(error, guest))
        }
    }

    /// A failure of the host comes before everything: whatever the guest made of it is worth nothing.
    fn outcome(self, failure: Option<HostFailure>, log: &hookyard_capability::SharedLog) -> Outcome<T> {
        match (failure, self) {
            (Some(failure), _) => Outcome::Unavailable(failure),
            (None, Self::Answered(Ok(answer))) => Outcome::Returned(answer),
            (None, Self::Answered(Err(CallError::Returned(error)))) => {
                Outcome::Error(plugin_error::from_wit(error, log))
            }
            (None, Self::Answered(Err(CallError::Unusable(error)))) => Outcome::Error(error),
            (None, Self::Late) => Outcome::Deadline(Deadline::Wall),
            (None, Self::SpentCpu) => Outcome::Deadline(Deadline::Cpu),
            (None, Self::PoolExhausted) => Outcome::Busy,
            (None, Self::Broke(Broken { message, backtrace })) => Outcome::Trap { message, backtrace },
        }
    }
}
