//! The data of `shipment.updated`.

use std::borrow::Cow;

use hookyard_sdk::RawValue;
use schemars::JsonSchema;
use serde::Serialize;

/// A shipment has a new status. What AfterShip did not say is left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShipmentUpdated<'a> {
    /// The conversation that follows the shipment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Conversation<'a>>,
    /// AfterShip's name of the event: `tracking_update`.
    pub event: Cow<'a, str>,
    /// AfterShip's id of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Cow<'a, str>>,
    /// Whether this is the first update under its tag.
    pub first_tag: bool,
    /// AfterShip's id of the shipment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_id: Option<Cow<'a, str>>,
    /// The courier's number of the shipment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<Cow<'a, str>>,
    /// The courier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<Cow<'a, str>>,
    /// The shipment's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Cow<'a, str>>,
    /// The status, for example `InTransit` or `Delivered`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Cow<'a, str>>,
    /// The status in more detail, for example `InTransit_003`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtag: Option<Cow<'a, str>>,
    /// The status in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtag_message: Option<Cow<'a, str>>,
    /// When AfterShip changed the shipment, as it writes the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Cow<'a, str>>,
    /// The newest checkpoint: the last entry of the webhook's list, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<&'a RawValue>,
    /// The whole webhook body, unchanged.
    pub data: &'a RawValue,
}

/// A conversation of the operator's chat.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Conversation<'a> {
    /// Its id: the shipment's custom field `conversation_id`.
    pub id: Cow<'a, str>,
}
