//! The custom fields of a shipment that is to be tracked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hookyard_sdk::{Error, RawValue, json};
use serde::Serialize;

use super::shapes::TrackShipment;
use crate::conversation::CONVERSATION_ID;

/// By name. What is said later of a name counts.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct CustomFields<'a>(BTreeMap<Cow<'a, str>, CustomField<'a>>);

/// Text of the caller's, or JSON that keeps its text.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum CustomField<'a> {
    Text(&'a str),
    Json(&'a RawValue),
}

impl<'a> CustomFields<'a> {
    /// Those of the call: what `fields` says, over it `custom_fields`, over it the conversation.
    ///
    /// `invalid` `request-refused` if `fields` has something else than an object for them; `null` means none.
    pub(super) fn of_call(input: &'a TrackShipment) -> Result<Self, Error> {
        let further = input.fields.as_ref().and_then(|fields| fields.get("custom_fields"));
        let mut all = match further {
            Some(further) if further.get() != "null" => Self::of_json(further)
                .ok_or_else(|| Error::invalid("request-refused", "fields.custom_fields is not an object"))?,
            _ => Self::default(),
        };
        let named = input.custom_fields.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str()));
        let conversation = input.conversation_id.as_deref().map(|id| (CONVERSATION_ID, id));
        for (name, value) in named.chain(conversation) {
            all.0.insert(name.into(), CustomField::Text(value));
        }
        Ok(all)
    }

    /// The members of an object; `None` if it is none.
    pub(super) fn of_json(object: &'a RawValue) -> Option<Self> {
        let members: BTreeMap<String, &'a RawValue> = json::parse(object.get().as_bytes()).ok()?;
        Some(Self(members.into_iter().map(|(name, value)| (name.into(), CustomField::Json(value))).collect()))
    }

    /// These, and over them `later`.
    pub(super) fn merged_with(mut self, later: &Self) -> Self {
        self.0.extend(later.0.iter().map(|(name, value)| (name.clone(), *value)));
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The conversation that follows the shipment, a number by its digits.
    pub(super) fn conversation_id(&self) -> Option<Cow<'a, str>> {
        Some(match *self.0.get(CONVERSATION_ID)? {
            CustomField::Text(text) => text.into(),
            CustomField::Json(value) => match json::parse::<String>(value.get().as_bytes()) {
                Ok(text) => text.into(),
                Err(_) => value.get().into(),
            },
        })
    }
}
