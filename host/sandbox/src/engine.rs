//! The engines, set as measured (host/ARCHITECTURE.md): one with a pool of prepared slots, one without.

use hookyard_domain::limit;
use tracing::warn;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails};

use crate::tier::{MEMORIES_PER_SLOT, TABLES_PER_SLOT};

/// Bytes of a guest's memory that stay with its slot between invocations, if the kernel can say which were written.
const MEMORY_KEEP_RESIDENT_BYTES: usize = 2 * 1024 * 1024;
/// Elements of one table of a component that fits into the pool.
const POOL_TABLE_ELEMENTS: usize = 20_000;
/// Bytes of bookkeeping of one instance.
const POOL_INSTANCE_BYTES: usize = 4 * 1024 * 1024;

/// What compiled code depends on. The same for every engine here, so that code which is compiled once runs on any of them.
fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .memory_init_cow(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable);
    config
}

/// An engine whose instances are made as they are needed.
pub(crate) fn on_demand() -> wasmtime::Result<Engine> {
    Engine::new(&config())
}

/// An engine that compiles on one thread and runs nothing.
pub(crate) fn compiling() -> wasmtime::Result<Engine> {
    Engine::new(config().parallel_compilation(false))
}

/// An engine with `slots` prepared instances; `None` when there are to be none, or when their address space cannot be had.
pub(crate) fn pooled(slots: u32) -> Option<Engine> {
    if slots == 0 {
        return None;
    }
    let engine = Engine::new(config().allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots))));
    engine
        .inspect_err(|error| {
            warn!(slots, error = format!("{error:#}"), "no pool of instances: each is made on demand, which is slower");
        })
        .ok()
}

/// QuickJS guests have 8 to 11 core instances, Python 14 to 38, Rust and C 3 or 4: the totals are for a mixture.
fn pool(slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(12))
        .total_memories(slots.saturating_mul(MEMORIES_PER_SLOT))
        .total_tables(slots.saturating_mul(TABLES_PER_SLOT))
        .total_stacks(slots)
        .max_core_instances_per_component(count(limit::GUEST_CORE_INSTANCES_MAX))
        .max_memories_per_component(count(limit::GUEST_MEMORIES_MAX))
        .max_tables_per_component(count(limit::GUEST_TABLES_MAX))
        .table_elements(POOL_TABLE_ELEMENTS)
        .max_core_instance_size(POOL_INSTANCE_BYTES)
        .max_component_instance_size(POOL_INSTANCE_BYTES)
        .linear_memory_keep_resident(MEMORY_KEEP_RESIDENT_BYTES)
        .table_keep_resident(POOL_TABLE_ELEMENTS * size_of::<usize>())
        .pagemap_scan(Enabled::Auto);
    pool
}

fn count(bound: usize) -> u32 {
    u32::try_from(bound).unwrap_or(u32::MAX)
}
