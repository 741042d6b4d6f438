//! The conversation that follows a shipment. AfterShip carries its id in the shipment's custom field `conversation_id`.

use std::borrow::Cow;

use hookyard_sdk::lenient;
use serde::Deserialize;

/// The custom field.
pub(crate) const CONVERSATION_ID: &str = "conversation_id";

/// Longest conversation id, in characters; the plugin gives no longer ones to AfterShip.
const CONVERSATION_ID_CHARS_MAX: usize = 256;

/// What is read of a shipment's custom fields.
#[derive(Default, Deserialize)]
pub(crate) struct CustomFields<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    conversation_id: Option<Cow<'a, str>>,
}

impl<'a> CustomFields<'a> {
    /// The id, if it is one: 1 to 256 characters without control characters. A number counts as its digits.
    pub(crate) fn conversation_id(self) -> Option<Cow<'a, str>> {
        self.conversation_id.filter(|id| is_usable(id))
    }
}

fn is_usable(conversation_id: &str) -> bool {
    let chars = conversation_id.chars().count();
    (1..=CONVERSATION_ID_CHARS_MAX).contains(&chars) && !conversation_id.chars().any(char::is_control)
}
