//! One engine with what hangs on it: the imports it offers and the slots it has.

use std::sync::Arc;

use hookyard_domain::limit;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use wasmtime::component::Linker;
use wasmtime::{Engine, Store, UpdateDeadline};

use std::time::Duration;

use crate::guest::Guest;
use crate::imports;
use crate::meter::Meter;

/// An engine that instances run on.
pub(crate) struct Tier {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
    slots: Arc<Semaphore>,
    slots_total: u32,
    pub(crate) pooled: bool,
}

impl Tier {
    /// A tier whose instances take so many slots at most, all together.
    pub(crate) fn new(engine: Engine, slots_total: u32, pooled: bool) -> wasmtime::Result<Self> {
        let linker = imports::linker(&engine)?;
        let slots = Arc::new(Semaphore::new(usize::try_from(slots_total).unwrap_or(Semaphore::MAX_PERMITS)));
        Ok(Self { engine, linker, slots, slots_total, pooled })
    }

    /// Slots that an instance of this component takes. Memories and tables come out of totals that are a multiple of the
    /// slots; a component with more than its share takes more than one.
    pub(crate) fn slots_of(&self, component: &wasmtime::component::Component) -> u32 {
        let needed = component.resources_required().map_or(1, |needed| {
            needed.num_memories.div_ceil(MEMORIES_PER_SLOT).max(needed.num_tables.div_ceil(TABLES_PER_SLOT))
        });
        needed.clamp(1, self.slots_total.max(1))
    }

    /// Waits for slots, at most [`limit::SLOT_WAIT_MAX`] and not beyond `deadline`.
    pub(crate) async fn slots(&self, slots: u32, deadline: Instant) -> Option<OwnedSemaphorePermit> {
        let until = deadline.min(Instant::now() + limit::SLOT_WAIT_MAX);
        let waiting = Arc::clone(&self.slots).acquire_many_owned(slots);
        tokio::time::timeout_at(until, waiting).await.ok()?.ok()
    }

    /// A store for one instance that may burn so much processor time. Whatever runs in it must be measured by `meter`.
    ///
    /// At every tick the guest gives way to other tasks, which is also when its deadlines are looked at.
    pub(crate) fn store(&self, guest: Guest, cpu: Duration, meter: &Meter) -> Store<Guest> {
        let mut store = Store::new(&self.engine, guest);
        store.limiter(|guest| &mut guest.bounds);
        store.set_hostcall_fuel(limit::HOSTCALL_BYTES_MAX);
        store.set_epoch_deadline(1);
        let meter = meter.clone();
        store.epoch_deadline_callback(move |_| {
            Ok(if meter.spent_within() > cpu {
                UpdateDeadline::Interrupt
            } else {
                UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
            })
        });
        store
    }
}

/// The pool's totals for each slot; see [`crate::engine`].
pub(crate) const MEMORIES_PER_SLOT: u32 = 2;
pub(crate) const TABLES_PER_SLOT: u32 = 3;
