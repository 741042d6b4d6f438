//! What loading one component may take of the machine.

use std::time::Duration;

use hookyard_domain::limit;

/// What it may take to turn one component file into something that can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadBounds {
    /// Wall time for compiling.
    pub compile_wall: Duration,
    /// Processor time for compiling, in whole seconds.
    pub compile_cpu: Duration,
    /// Address space of the compiler.
    pub compile_address_bytes: u64,
    /// How long a turn to compile lasts; see [`Sandbox::compile`](crate::Sandbox::compile).
    pub compile_turn: Duration,
    /// Wall time for `describe`, instantiation included.
    pub describe_wall: Duration,
    /// Processor time for `describe`, instantiation included.
    pub describe_cpu: Duration,
}

impl Default for LoadBounds {
    /// The bounds of [`limit`].
    fn default() -> Self {
        Self {
            compile_wall: limit::COMPILE_WALL_MAX,
            compile_cpu: limit::COMPILE_CPU_MAX,
            compile_address_bytes: limit::COMPILE_ADDRESS_BYTES_MAX,
            compile_turn: limit::COMPILE_TURN,
            describe_wall: limit::DESCRIBE_DEADLINE,
            describe_cpu: limit::DESCRIBE_CPU,
        }
    }
}
