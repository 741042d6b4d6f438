//! `log`: the one import that `describe` may call.

use hookyard_domain::invocation::LogLevel;

use crate::bindings::hookyard::plugin::log::{Host, Level};
use crate::guest::Guest;

impl Host for Guest {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        self.log().write(level, &message);
        Ok(())
    }
}
