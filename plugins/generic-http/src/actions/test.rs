//! The action `test`: tries a request.

use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Config;
use crate::definition::Asked;
use crate::fields::Fields;

/// A request to try.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The request, or the name of one in the config.
    request: Asked,
    /// Values of fields.
    #[serde(default)]
    fields: Fields,
}

/// No event comes of it.
pub(super) fn run(config: &Config, input: &Input) -> Result<Output, Error> {
    let (record, _) = super::perform(config, super::asked(config, &input.request)?, &input.fields)?;
    record.output()
}
