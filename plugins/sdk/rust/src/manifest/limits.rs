//! What a plugin needs for one invocation.

use serde::Serialize;

/// Bounds of one invocation; what is `None` is the host's default. The host's ceilings stay above them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Bytes of linear memory; 64 MiB by default, at most 256 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Milliseconds of wall time, waiting included; 10 s by default, at most 300 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Milliseconds that the plugin itself may burn; 500 ms by default, at most 30 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
}
