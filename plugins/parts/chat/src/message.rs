//! What comes in.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Attachment, ConversationId, Sender};

/// The data of an event with a message, without the plugin's own object. A plugin flattens it into its own type:
///
/// ```
/// # use schemars::JsonSchema;
/// # use serde::Serialize;
/// #[derive(Serialize, JsonSchema)]
/// struct MessageReceived {
///     #[serde(flatten)]
///     message: hookyard_chat::Message,
///     /// What only this provider has.
///     freshchat: Own,
/// }
/// # #[derive(Serialize, JsonSchema)]
/// # struct Own {}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Message {
    /// The conversation; the event's `subject` as well.
    pub conversation_id: ConversationId,
    /// The provider's id of the message.
    pub message_id: String,
    /// What was written; empty if there are only attachments.
    pub text: String,
    /// What came with it.
    pub attachments: Vec<Attachment>,
    /// Who wrote it.
    pub sender: Sender,
    /// Which of the operator's sites it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The provider's id of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// When it was written: RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}
