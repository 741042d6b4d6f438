//! The action `get-tracking`.

use std::borrow::Cow;

use hookyard_sdk::{Error, Output, RawValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::config::Config;
use crate::problem;
use crate::tracking::Tracking;

/// Which tracking: by AfterShip's id, or by the courier's number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["tracking_id"] }, { "required": ["tracking_number"] }]))]
pub(crate) struct GetTracking {
    /// AfterShip's id of the shipment.
    #[schemars(length(min = 1, max = 1024))]
    pub tracking_id: Option<String>,
    /// The courier's number of the shipment.
    #[schemars(regex(pattern = r"\S"))]
    pub tracking_number: Option<String>,
    /// The courier, for a number that several couriers use.
    pub slug: Option<String>,
}

/// What AfterShip knows of the shipment. What it did not say is left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found<'a> {
    /// AfterShip's id of the shipment.
    pub tracking_id: Cow<'a, str>,
    /// The courier's number of the shipment.
    pub tracking_number: Cow<'a, str>,
    /// The courier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<Cow<'a, str>>,
    /// The status, for example `InTransit` or `Delivered`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Cow<'a, str>>,
    /// The conversation that follows the shipment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Cow<'a, str>>,
    /// The whole tracking, as AfterShip wrote it.
    pub tracking: &'a RawValue,
}

/// Asks AfterShip. `invalid` `tracking-not-found` if it does not track the shipment.
pub(crate) fn run(config: &Config, input: &GetTracking) -> Result<Output, Error> {
    let api = Api::new(config);
    match (input.tracking_id.as_deref(), input.tracking_number.as_deref()) {
        (Some(id), None) => found(Tracking::only(&api.get(id)?)?),
        (None, Some(number)) => {
            let (number, slug) = (number.trim(), input.slug.as_deref().map(str::trim).filter(|slug| !slug.is_empty()));
            let listed = api.find(number, slug)?;
            match Tracking::of_number(&listed, number, slug)? {
                Some(tracking) => found(tracking),
                None => Err(problem::not_found(&listed)),
            }
        }
        _ => Err(Error::invalid("invalid-input", "give either tracking_id or tracking_number")),
    }
}

fn found(tracking: Tracking<'_>) -> Result<Output, Error> {
    Output::new(&Found {
        tracking_id: tracking.id,
        tracking_number: tracking.number,
        slug: tracking.slug,
        tag: tracking.tag,
        conversation_id: tracking.conversation_id,
        tracking: tracking.json,
    })
}
