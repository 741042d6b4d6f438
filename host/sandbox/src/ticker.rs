//! Interrupts running guests at a steady beat, so that time that is up is noticed.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;

use hookyard_domain::limit;
use wasmtime::Engine;

/// Moves the epoch of its engines every [`limit::EPOCH_TICK`], from a thread that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    _stop: Sender<()>,
}

impl Ticker {
    /// Starts ticking.
    pub(crate) fn start(engines: Vec<Engine>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        thread::Builder::new().name("guest-ticker".into()).spawn(move || {
            while stopped.recv_timeout(limit::EPOCH_TICK) == Err(RecvTimeoutError::Timeout) {
                engines.iter().for_each(Engine::increment_epoch);
            }
        })?;
        Ok(Self { _stop: stop })
    }
}
