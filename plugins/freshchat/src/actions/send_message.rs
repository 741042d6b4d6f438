//! The action `send-message`.

pub(super) mod outgoing;
pub(super) mod send;
mod split;

use hookyard_chat::{Attachment, ConversationId, check_not_empty};
use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::config::Config;
use crate::conversation::Conversation;

/// A message, and where it goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessage {
    /// The conversation.
    pub(crate) conversation_id: ConversationId,
    /// What to say. Longer than `text_chars_max`, it becomes several messages.
    pub(crate) text: Option<String>,
    /// What goes along, with the last message.
    #[serde(default)]
    pub(crate) attachments: Vec<Attachment>,
    /// What only Freshchat has.
    pub(crate) freshchat: Option<Extras>,
}

/// What only Freshchat has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extras {
    /// Answers to choose from, below the last message.
    #[serde(default)]
    pub(crate) quick_replies: Vec<QuickReply>,
    /// A note that agents see and the customer does not.
    #[serde(default)]
    pub(crate) private: bool,
}

/// An answer to choose.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum QuickReply {
    /// What stands on the button is what is answered.
    Label(#[schemars(regex(pattern = r"\S"))] String),
    /// The button answers something else.
    Labelled(Labelled),
}

/// A button that answers something else than what stands on it.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Labelled {
    /// What stands on it.
    #[schemars(regex(pattern = r"\S"))]
    pub(crate) label: String,
    /// What is answered.
    pub(crate) value: String,
}

/// What was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sent<'a> {
    /// The conversation.
    pub(crate) conversation_id: &'a ConversationId,
    /// Freshchat's ids of the messages, in their order.
    pub(crate) message_ids: Vec<String>,
    /// What only Freshchat has.
    pub(crate) freshchat: SentAs,
}

/// Who sees what was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SentAs {
    /// `normal`, or `private` for a note that the customer does not see.
    pub(crate) message_type: &'static str,
}

/// Sends the message. It is `failed` `partly-sent` if a later part of a long one fails.
pub(crate) fn run(config: &Config, input: &SendMessage) -> Result<Output, Error> {
    check_not_empty(input.text.as_deref(), &input.attachments)?;
    let messages = outgoing::of(input, config)?;
    let api = Api::new(config);
    let mut conversation = Conversation::of(&api, input.conversation_id.as_str())?;
    let message_ids = send::all(&mut conversation, &messages)?;
    let message_type = outgoing::message_type(input.freshchat.as_ref().is_some_and(|extras| extras.private));
    Output::new(&Sent { conversation_id: &input.conversation_id, message_ids, freshchat: SentAs { message_type } })
}
