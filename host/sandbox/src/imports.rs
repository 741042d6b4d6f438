//! Translates between the contract's types and those of the capabilities; decides nothing. One file an interface.
//!
//! A refusal becomes a value for the guest. A failure of the host ends the guest, because it must never look like an answer.

mod context;
mod crypto;
mod emit_event;
mod http_request;
mod kv_store;
mod log;
mod secrets;
mod timers;

use hookyard_capability::{HostFailure, Refusal};
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::bindings::Plugin;
use crate::bindings::hookyard::plugin::types;
use crate::guest::Guest;

/// Everything that a guest may import: the contract, WASI with nothing behind it, and its outgoing HTTP.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    Plugin::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    Ok(linker)
}

impl types::Host for Guest {}

/// The answer of a call that may be refused.
type Answer<T> = wasmtime::Result<Result<T, types::Refusal>>;

fn refused(refusal: Refusal) -> types::Refusal {
    types::Refusal { code: refusal.code.as_str().to_owned(), message: refusal.message }
}

/// Hands an answer or a refusal to the guest, or ends it.
fn answer<T>(guest: &mut Guest, result: Result<Result<T, Refusal>, HostFailure>) -> Answer<T> {
    match result {
        Ok(result) => Ok(result.map_err(refused)),
        Err(failure) => Err(guest.end(failure)),
    }
}
