//! What Freshchat tells.

use hookyard_sdk::manifest::Manifest;
use hookyard_sdk::{Error, Webhook};

use crate::config::Config;

/// The webhooks' part of the manifest: the events and the samples.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest
}

/// Emits what the webhook calls for.
pub(crate) fn handle(_config: &Config, _webhook: &Webhook) -> Result<(), Error> {
    Ok(())
}
