//! The data of the events.

use hookyard_chat::{ConversationId, Message};
use schemars::JsonSchema;
use serde::Serialize;

use super::contacts::Contact;
use super::dialog::Dialog;

/// The AI or an operator has written a message.
#[derive(Serialize, JsonSchema)]
pub(super) struct MessageGenerated<'a> {
    /// The message, in the shape of all chats. Where Selarti gives no id, `message_id` is the SHA-256 of the webhook in hex.
    #[serde(flatten)]
    pub(super) message: Message,
    /// All that the webhook said.
    pub(super) selarti: &'a Dialog<'a>,
}

/// The dialogue is closed.
#[derive(Serialize, JsonSchema)]
pub(super) struct DialogClosed<'a> {
    /// The conversation; the event's `subject` as well.
    pub(super) conversation_id: &'a ConversationId,
    /// All that the webhook said.
    pub(super) selarti: &'a Dialog<'a>,
}

/// The dialogue is handed over to an operator.
#[derive(Serialize, JsonSchema)]
pub(super) struct DialogHandedOver<'a> {
    /// The conversation; the event's `subject` as well.
    pub(super) conversation_id: &'a ConversationId,
    /// Where the operator answers: needs a login in Selarti's panel and rights in the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) panel_url: Option<&'a str>,
    /// All that the webhook said.
    pub(super) selarti: &'a Dialog<'a>,
}

/// The customer has left contact data.
#[derive(Serialize, JsonSchema)]
pub(super) struct ContactReceived<'a> {
    /// The conversation; the event's `subject` as well.
    pub(super) conversation_id: &'a ConversationId,
    /// What of `contacts` is understood.
    pub(super) contact: Contact,
    /// All that the webhook said.
    pub(super) selarti: &'a Dialog<'a>,
}

/// Marks of the dialogue have changed.
#[derive(Serialize, JsonSchema)]
pub(super) struct DialogUpdated<'a> {
    /// The conversation; the event's `subject` as well.
    pub(super) conversation_id: &'a ConversationId,
    /// Which: names of the six marks.
    pub(super) changed: Vec<&'static str>,
    /// All that the webhook said.
    pub(super) selarti: &'a Dialog<'a>,
}
