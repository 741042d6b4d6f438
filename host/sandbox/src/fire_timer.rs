//! `timer-handler.fire`.

use wasmtime::Store;
use wasmtime::component::Instance;

use crate::component::{Component, Loaded};
use crate::guest::Guest;
use crate::invocation::Invocation;
use crate::invoke::{Call, CallError};
use crate::outcome::Finished;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Tells a component that the timer `name` is due, in an instance of its own. `payload` is the JSON that it was started with.
    ///
    /// Nothing becomes true here: that is for whoever commits the effects. A component without `timer-handler` ends as a
    /// trap that says so; ask [`Component::exports`] first. Dropping the future ends the guest.
    pub async fn fire_timer(
        &self,
        component: &Component,
        invocation: Invocation,
        name: String,
        payload: String,
    ) -> Finished<()> {
        self.invoke(component, invocation, FireTimer { name, payload }).await
    }
}

struct FireTimer {
    name: String,
    payload: String,
}

impl Call for FireTimer {
    type Answer = ();

    async fn call(
        self,
        component: &Loaded,
        store: &mut Store<Guest>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<(), CallError>> {
        let Some(indices) = &component.exports.timer_handler else {
            return Err(wasmtime::Error::msg("the component does not export timer-handler"));
        };
        let handler = indices.load(&mut *store, instance)?;
        let answer = handler.call_fire(&mut *store, &self.name, &self.payload).await?;
        Ok(answer.map_err(CallError::Returned))
    }
}
