//! The exports of a component, on top of the trait. Strings and bodies are moved, not copied.

use std::marker::PhantomData;

use super::{Exported, describe, with_config};
use crate::bindings::imports::hookyard::plugin::types;
use crate::bindings::{actions, definition, lifecycle, timers, webhook};
use crate::{Action, Error, ErrorKind, Plugin, Timer, Webhook, imports};

/// Implements every export of the contract for a plugin; [`export!`](crate::export!) chooses among them.
pub struct Guest<P>(PhantomData<P>);

impl<P: Exported> definition::exports::hookyard::plugin::definition::Guest for Guest<P> {
    fn describe() -> String {
        describe::<P>()
    }
}

impl<P: Plugin> webhook::exports::hookyard::plugin::webhook_handler::Guest for Guest<P> {
    fn handle(
        request: webhook::exports::hookyard::plugin::webhook_handler::Request,
    ) -> Result<Option<webhook::exports::hookyard::plugin::webhook_handler::Response>, types::Error> {
        let webhook = Webhook {
            method: request.method,
            path: request.path,
            query: request.query,
            headers: request.headers,
            body: request.body,
        };
        let response = with_config::<P, _>(&imports::config(), |config| P::handle(config, webhook)).map_err(error)?;
        Ok(response.map(|response| webhook::exports::hookyard::plugin::webhook_handler::Response {
            status: response.status,
            headers: response.headers,
            body: response.body,
        }))
    }
}

impl<P: Plugin> actions::exports::hookyard::plugin::action_handler::Guest for Guest<P> {
    fn run(name: String, input: String) -> Result<String, types::Error> {
        let action = Action { name, input };
        let output = with_config::<P, _>(&imports::config(), |config| P::run(config, action)).map_err(error)?;
        Ok(output.0)
    }
}

impl<P: Plugin> lifecycle::exports::hookyard::plugin::lifecycle::Guest for Guest<P> {
    fn activate() -> Result<String, types::Error> {
        let setup = with_config::<P, _>(&imports::config(), P::activate).map_err(error)?;
        Ok(serde_json::to_string(&setup).expect("a list of strings has no value that JSON cannot hold"))
    }

    fn deactivate() -> Result<(), types::Error> {
        with_config::<P, _>(&imports::config(), P::deactivate).map_err(error)
    }
}

impl<P: Plugin> timers::exports::hookyard::plugin::timer_handler::Guest for Guest<P> {
    fn fire(name: String, payload: String) -> Result<(), types::Error> {
        let timer = Timer { name, payload };
        with_config::<P, _>(&imports::config(), |config| P::fire(config, timer)).map_err(error)
    }
}

fn error(error: Error) -> types::Error {
    let kind = match error.kind {
        ErrorKind::Invalid => types::ErrorKind::Invalid,
        ErrorKind::Unauthorized => types::ErrorKind::Unauthorized,
        ErrorKind::Unavailable => types::ErrorKind::Unavailable,
        ErrorKind::Failed => types::ErrorKind::Failed,
    };
    let Error { code, message, retry_after_ms, details, .. } = error;
    types::Error { kind, code, message, retry_after_ms, details }
}
