//! The check before a component may serve: it starts, its functions have the right types, and it says what it is.

use std::sync::Arc;

use hookyard_capability::SharedLog;
use hookyard_domain::clock::{ManualClock, Timestamp};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use tokio::time::Instant;
use wasmtime::Trap;
use wasmtime::component::InstancePre;

use crate::exports::ExportIndices;
use crate::guest::{Guest, Task};
use crate::load_bounds::LoadBounds;
use crate::meter::Meter;
use crate::rejection::Rejection;
use crate::tier::Tier;
use crate::trap::Broken;
use crate::wasi::Surroundings;

/// Starts a component once and returns its manifest. Time stands still and chance is always the same, so that a manifest
/// cannot depend on them; every import but `log` ends it.
pub(crate) async fn check(
    tier: &Tier,
    slots: u32,
    code: &InstancePre<Guest>,
    exports: &ExportIndices,
    bounds: &LoadBounds,
) -> Result<String, Rejection> {
    let deadline = Instant::now() + bounds.describe_wall;
    let Some(_slots) = tier.slots(slots, deadline).await else {
        return Err(Rejection::Host { reason: "no slot became free for the check".into() });
    };
    let surroundings = Surroundings {
        clock: Arc::new(ManualClock::at(Timestamp::from_millis(0))),
        entropy: Arc::new(SeededEntropy::new(0)),
    };
    let memory = usize::try_from(limit::MEMORY_BYTES_MAX).unwrap_or(usize::MAX);
    let guest = Guest::new(Task::Describe(SharedLog::default()), memory, &surroundings);
    let meter = Meter::default();
    let mut store = tier.store(guest, bounds.describe_cpu, &meter);
    let work = meter.measure(async {
        let instance = code.instantiate_async(&mut store).await;
        let instance = instance.map_err(|error| Rejection::instantiate(reason(&error, store.data(), bounds)))?;
        exports.check_types(&mut store, &instance)?;
        let described = match exports.definition.load(&mut store, &instance) {
            Ok(definition) => definition.call_describe(&mut store).await,
            Err(error) => Err(error),
        };
        described.map_err(|error| Rejection::Describe { reason: reason(&error, store.data(), bounds) })
    });
    let ended = tokio::time::timeout_at(deadline, work).await;
    let manifest = ended.map_err(|_| Rejection::Describe { reason: took_too_long(bounds) })??;
    if manifest.len() > limit::MANIFEST_BYTES_MAX {
        return Err(Rejection::ManifestTooBig { bytes: manifest.len() });
    }
    Ok(manifest)
}

fn reason(error: &wasmtime::Error, guest: &Guest, bounds: &LoadBounds) -> String {
    if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) {
        return took_too_long(bounds);
    }
    // There is no connection yet, and no secret.
    let Broken { mut message, backtrace } = Broken::new(error, guest).shown(&Redactor::new([]));
    if let Some(line) = guest.log().take().lines.pop() {
        message = format!("{message}; its last log line: {:?}", line.message);
    }
    if backtrace.is_empty() { message } else { format!("{message}\n{backtrace}") }
}

fn took_too_long(bounds: &LoadBounds) -> String {
    let (cpu, wall) = (bounds.describe_cpu.as_secs_f64(), bounds.describe_wall.as_secs_f64());
    format!("it took more than {cpu} s of processor time or {wall} s in all; it has only to return a text")
}
