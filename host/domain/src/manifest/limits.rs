//! What a plugin needs for one invocation.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::invocation::InvocationLimits;
use crate::limit;

/// Bounds of one invocation that the manifest asks for; the host's ceilings stay above them.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of linear memory: 67,108,864 (64 MiB) when absent, at most 268,435,456 (256 MiB).
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// Milliseconds of wall time, waiting included: 10,000 when absent, at most 300,000.
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    /// Milliseconds that the guest itself may burn: 500 when absent, at most 30,000.
    #[serde(default)]
    pub cpu_ms: Option<u64>,
}

impl Limits {
    /// The bounds with the host's defaults and ceilings applied.
    pub fn resolve(&self) -> InvocationLimits {
        let bounded = |asked: Option<u64>, default: Duration, max: Duration| {
            asked.map_or(default, |millis| Duration::from_millis(millis).min(max))
        };
        let memory = self.memory_bytes.unwrap_or(limit::MEMORY_BYTES_DEFAULT).min(limit::MEMORY_BYTES_MAX);
        InvocationLimits {
            memory_bytes: usize::try_from(memory).unwrap_or(usize::MAX),
            deadline: bounded(self.deadline_ms, limit::DEADLINE_DEFAULT, limit::DEADLINE_MAX),
            cpu: bounded(self.cpu_ms, limit::CPU_DEFAULT, limit::CPU_MAX),
        }
    }
}
