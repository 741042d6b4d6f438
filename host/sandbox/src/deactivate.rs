//! `lifecycle.deactivate`.

use wasmtime::Store;
use wasmtime::component::Instance;

use crate::component::{Component, Loaded};
use crate::guest::Guest;
use crate::invocation::Invocation;
use crate::invoke::{Call, CallError};
use crate::outcome::Finished;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Has a component take its leave of the provider, in an instance of its own, before its connection is disabled or deleted.
    ///
    /// Nothing becomes true here: that is for whoever commits the effects. A component without `lifecycle` ends as a trap
    /// that says so; ask [`Component::exports`] first. Dropping the future ends the guest.
    pub async fn deactivate(&self, component: &Component, invocation: Invocation) -> Finished<()> {
        self.invoke(component, invocation, Deactivate).await
    }
}

struct Deactivate;

impl Call for Deactivate {
    type Answer = ();

    async fn call(
        self,
        component: &Loaded,
        store: &mut Store<Guest>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<(), CallError>> {
        let Some(indices) = &component.exports.lifecycle else {
            return Err(wasmtime::Error::msg("the component does not export lifecycle"));
        };
        let lifecycle = indices.load(&mut *store, instance)?;
        let answer = lifecycle.call_deactivate(&mut *store).await?;
        Ok(answer.map_err(CallError::Returned))
    }
}
