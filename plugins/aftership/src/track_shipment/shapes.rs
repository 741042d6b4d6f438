//! What goes into the action, to AfterShip, and out of the action.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hookyard_sdk::{Error, RawValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::custom_fields::CustomFields;

/// The shipment to follow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrackShipment {
    /// The courier's number of the shipment; blanks around it do not count.
    #[schemars(regex(pattern = r"\S"))]
    pub tracking_number: String,
    /// The conversation that the shipment's updates are for. It travels as the custom field `conversation_id`, which everyone
    /// with access to the AfterShip account sees: it must not be a secret.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$"))]
    pub conversation_id: Option<String>,
    /// The courier, for example `la-poste-colissimo`. AfterShip detects it when this is empty or left out.
    pub slug: Option<String>,
    /// The shipment's title. AfterShip takes the number when this is empty or left out.
    pub title: Option<String>,
    /// Further custom fields; those of `fields` count less.
    pub custom_fields: Option<BTreeMap<String, String>>,
    /// Further fields of AfterShip's request, for couriers that need more: `tracking_ship_date`, `tracking_key`, … What the
    /// inputs above say counts more.
    pub fields: Option<BTreeMap<String, Box<RawValue>>>,
}

/// The body of AfterShip's request: what is absent is not sent.
#[derive(Debug, Serialize)]
pub(super) struct Create<'a> {
    pub tracking_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    #[serde(skip_serializing_if = "CustomFields::is_empty")]
    pub custom_fields: CustomFields<'a>,
    #[serde(flatten)]
    fields: BTreeMap<&'a str, &'a RawValue>,
}

impl<'a> Create<'a> {
    /// `invalid` `tracking-number-invalid` if nothing is left of the number without the blanks around it, and
    /// `request-refused` if the custom fields are none.
    pub(super) fn new(input: &'a TrackShipment) -> Result<Self, Error> {
        let tracking_number = input.tracking_number.trim();
        if tracking_number.is_empty() {
            return Err(Error::invalid("tracking-number-invalid", "the tracking number is empty"));
        }
        let given = |text: &'a Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let (slug, title) = (given(&input.slug), given(&input.title));
        let custom_fields = CustomFields::of_call(input)?;
        let mut fields: BTreeMap<&str, &RawValue> =
            input.fields.iter().flatten().map(|(name, value)| (name.as_str(), &**value)).collect();
        let named =
            [("tracking_number", true), ("slug", slug.is_some()), ("title", title.is_some()), ("custom_fields", true)];
        for (name, _) in named.into_iter().filter(|(_, given)| *given) {
            fields.remove(name);
        }
        Ok(Self { tracking_number, slug, title, custom_fields, fields })
    }
}

/// The shipment as AfterShip follows it now. What it did not say is left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tracked<'a> {
    /// AfterShip's id of the shipment.
    pub tracking_id: Cow<'a, str>,
    /// The courier's number of the shipment.
    pub tracking_number: Cow<'a, str>,
    /// The courier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<Cow<'a, str>>,
    /// The status, for example `Pending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Cow<'a, str>>,
    /// The conversation that follows the shipment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Cow<'a, str>>,
    /// Whether AfterShip tracked it before.
    pub already_existed: bool,
    /// Whether what was there got new custom fields.
    pub updated: bool,
    /// The whole tracking, as AfterShip wrote it.
    pub tracking: &'a RawValue,
}
