//! The action `get-status`: what became of a message.

use hookyard_sdk::manifest::{ActionKind, Manifest};
use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{self, State};
use crate::config::Config;
use crate::nullable;

/// Which message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetStatus {
    /// Feedbot's id of the message.
    #[schemars(length(min = 1, max = 1024))]
    id: String,
}

/// What became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found<'a> {
    /// Feedbot's id of the message.
    id: &'a str,
    /// What the number means.
    state: State,
    /// The number that Feedbot gave: -1 failed, 0 pending, 1 sent; `null` for anything else.
    #[schemars(schema_with = "nullable::status")]
    status: Option<i8>,
    /// Why it failed, in Feedbot's words.
    #[schemars(schema_with = "nullable::text")]
    reason: Option<String>,
}

/// The action's part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest.action(
        ActionKind::new::<GetStatus, Found<'_>>("get-status")
            .title("Ask what became of a message")
            .description("Whether a message is still in the queue, was sent, or failed.")
            .idempotent()
            .timeout(api::ACTION_TIMEOUT),
    )
}

/// Asks Feedbot.
pub(crate) fn run(config: &Config, input: &GetStatus) -> Result<Output, Error> {
    let status = api::status(config, &input.id)?;
    Output::new(&Found { id: &input.id, state: status.state(), status: status.number, reason: status.reason })
}
