//! `action-handler.run`.

use hookyard_domain::limit;
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::component::{Component, Loaded};
use crate::guest::Guest;
use crate::invocation::Invocation;
use crate::invoke::{Call, CallError};
use crate::outcome::Finished;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Has a component run the action `name`, in an instance of its own. `input` is JSON, and so is what it returns: at most
    /// [`limit::JSON_BYTES_MAX`] of text that is not judged here.
    ///
    /// Nothing becomes true here: that is for whoever commits the effects. A component without `action-handler` ends as a
    /// trap that says so; ask [`Component::exports`] first. Dropping the future ends the guest.
    pub async fn run_action(
        &self,
        component: &Component,
        invocation: Invocation,
        name: String,
        input: String,
    ) -> Finished<String> {
        self.invoke(component, invocation, RunAction { name, input }).await
    }
}

struct RunAction {
    name: String,
    input: String,
}

impl Call for RunAction {
    type Answer = String;

    async fn call(
        self,
        component: &Loaded,
        store: &mut Store<Guest>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<String, CallError>> {
        let Some(indices) = &component.exports.action_handler else {
            return Err(wasmtime::Error::msg("the component does not export action-handler"));
        };
        let handler = indices.load(&mut *store, instance)?;
        let answer = handler.call_run(&mut *store, &self.name, &self.input).await?;
        Ok(answer.map_err(CallError::Returned).and_then(bounded))
    }
}

fn bounded(output: String) -> Result<String, CallError> {
    let (bytes, max) = (output.len(), limit::JSON_BYTES_MAX);
    if bytes <= max {
        return Ok(output);
    }
    Err(CallError::unusable(
        "invalid-output",
        format!("the plugin returned an output of {bytes} bytes; {max} are the most"),
    ))
}
