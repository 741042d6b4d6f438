//! The actions `list-groups`, `list-channels` and `list-agents`: how an operator finds the ids for the config.

use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;

use crate::api::{Api, Listing};
use crate::config::Config;

/// No input.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Reads the list, page by page.
pub(crate) fn run(config: &Config, listing: Listing) -> Result<Output, Error> {
    Output::new(&Api::new(config).list(listing)?)
}
