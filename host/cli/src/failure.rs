//! How a command ends that did not do what it was asked.

use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

use crate::output;

/// The command was used in a way that cannot work; ends with code 2.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Prints an error with its causes and says how to exit.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let io_error =
        |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    if error.chain().filter_map(io_error).any(|kind| kind == ErrorKind::BrokenPipe) {
        // Whoever read our output has had enough of it.
        return ExitCode::SUCCESS;
    }
    output::note(&format!("error: {error:#}"));
    if error.downcast_ref::<WrongUsage>().is_some() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
