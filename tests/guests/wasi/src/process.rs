//! What a process inherits, and other processes.

use std::io::Read as _;
use std::process::Command;

use serde_json::{Value, json};
use wasip2::cli::environment::{get_arguments, get_environment, initial_cwd};

pub(crate) fn environment() -> Value {
    json!(get_environment())
}

pub(crate) fn arguments() -> Value {
    json!(get_arguments())
}

pub(crate) fn working_folder() -> Value {
    json!(initial_cwd())
}

pub(crate) fn stdin() -> Result<Value, String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(json!(text))
}

pub(crate) fn spawn(program: &str) -> Result<Value, String> {
    let status = Command::new(program).status().map_err(|error| error.to_string())?;
    Ok(json!(status.code()))
}
