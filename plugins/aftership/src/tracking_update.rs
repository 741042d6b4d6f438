//! From AfterShip's webhook to the event.

use std::borrow::Cow;

use hookyard_sdk::{Error, Event, RawValue, Webhook, json, lenient, log, time};
use serde::Deserialize;

use crate::config::{Config, Emit, WithoutConversation};
use crate::conversation::CustomFields;
use crate::shipment::{Conversation, ShipmentUpdated};

/// The event that this plugin is about; AfterShip also has `edd_revise` and `tracking_pending_time`.
const TRACKING_UPDATE: &str = "tracking_update";

/// The webhook body. AfterShip's documentation calls nearly everything optional, and its webhook versions differ in whether a
/// field is absent, `null` or empty.
#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    event: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    event_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_tracking_first_tag: Option<bool>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    msg: Option<Tracking<'a>>,
    /// Unix time of the event, in seconds.
    #[serde(default, deserialize_with = "lenient::integer")]
    ts: Option<i64>,
}

#[derive(Default, Deserialize)]
struct Tracking<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    tracking_number: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    slug: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    title: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    tag: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    subtag: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    subtag_message: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    updated_at: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    custom_fields: Option<CustomFields<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::last")]
    checkpoints: Option<&'a RawValue>,
}

/// Emits an event if the webhook calls for one. What does not is not an error: AfterShip would repeat it thirteen times.
///
/// `invalid` if the body is no JSON.
pub(crate) fn handle(config: &Config, webhook: &Webhook) -> Result<(), Error> {
    let data: &RawValue = webhook.json()?;
    let Some(body) = read(data)? else {
        log::warn("a member occurs twice: ignored");
        return Ok(());
    };
    let Some(event) = body.event.filter(|event| event == TRACKING_UPDATE) else {
        log::debug("not a tracking_update: ignored");
        return Ok(());
    };
    let first_tag = body.is_tracking_first_tag.unwrap_or(false);
    if !first_tag && config.emit == Emit::FirstTag {
        log::debug("not the first update under its tag: ignored");
        return Ok(());
    }
    let tracking = body.msg.unwrap_or_default();
    let conversation_id = tracking.custom_fields.and_then(CustomFields::conversation_id);
    if conversation_id.is_none() && config.without_conversation == WithoutConversation::Ignore {
        log::info("the shipment belongs to no conversation: ignored");
        return Ok(());
    }
    let subject = conversation_id.as_deref().map(str::to_owned);
    let dedupe_key = body.event_id.as_deref().filter(|id| !id.is_empty()).map(str::to_owned);
    let updated = ShipmentUpdated {
        conversation: conversation_id.map(|id| Conversation { id }),
        event,
        event_id: body.event_id,
        first_tag,
        tracking_id: tracking.id,
        tracking_number: tracking.tracking_number,
        slug: tracking.slug,
        title: tracking.title,
        tag: tracking.tag,
        subtag: tracking.subtag,
        subtag_message: tracking.subtag_message,
        updated_at: tracking.updated_at,
        checkpoint: tracking.checkpoints,
        data,
    };
    Event::new("shipment.updated")
        .subject(subject)
        .dedupe_key(dedupe_key)
        .time(body.ts.and_then(time::rfc3339))
        .emit(&updated)?;
    Ok(())
}

/// `None` if a member that is read occurs twice: readers disagree about which of the two counts. JSON that is no object has no
/// event.
fn read(data: &RawValue) -> Result<Option<Body<'_>>, Error> {
    if !data.get().starts_with('{') {
        return Ok(Some(Body::default()));
    }
    match json::parse(data.get().as_bytes()) {
        // Every field takes any value, so that a second one of its name is all that the shape can refuse.
        Err(error) if error.code == json::UNEXPECTED_SHAPE => Ok(None),
        body => body.map(Some),
    }
}
