//! What clients can ask for.

use hookyard_sdk::manifest::Manifest;
use hookyard_sdk::{Action, Error, Output};

use crate::config::Config;

/// The actions' part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest
}

/// Runs one.
pub(crate) fn run(_config: &Config, action: &Action) -> Result<Output, Error> {
    Err(action.unknown())
}
