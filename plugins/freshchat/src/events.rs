//! The data of the plugin's events.

use hookyard_chat::{ConversationId, Message, Sender};
use hookyard_sdk::RawValue;
use schemars::JsonSchema;
use serde::Serialize;

use crate::site::SiteSource;

/// A customer has written: the data of `message.received` and, while a person has the conversation, of `message.observed`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MessageReceived<'a> {
    /// What all messengers have.
    #[serde(flatten)]
    pub message: Message,
    /// What only Freshchat has.
    pub freshchat: FreshchatMessage<'a>,
}

/// What only Freshchat has of a message. What it did not say is left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FreshchatMessage<'a> {
    /// How the site was found.
    pub site_source: SiteSource,
    /// The account's App ID.
    pub app_id: &'a str,
    /// The other id of the conversation: digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freshchat_conversation_id: Option<&'a str>,
    /// The other id of the channel: digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freshchat_channel_id: Option<&'a str>,
    /// The customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<&'a str>,
    /// All parts of the message, unchanged. Left out of a message that is so long that it does not fit into an event twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_parts: Option<&'a RawValue>,
}

/// A person has taken the conversation over: the data of `agent.took-over`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AgentTookOver<'a> {
    /// The conversation; the event's `subject` as well.
    pub conversation_id: &'a str,
    /// Who it was.
    pub agent_id: &'a str,
    /// The message with which it happened.
    pub message_id: &'a str,
    /// Which of the operator's sites the conversation is on.
    pub site: &'a str,
    /// When it was written: RFC 3339.
    pub time: &'a str,
}

/// Something happened to a conversation: the data of `conversation.assigned`, `.resolved` and `.reopened`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConversationChanged<'a> {
    /// The conversation; the event's `subject` as well.
    pub conversation_id: ConversationId,
    /// Its status, as Freshchat writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'a str>,
    /// The agent who has it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_agent_id: Option<&'a str>,
    /// The group that has it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_group_id: Option<&'a str>,
    /// Who did it.
    pub by: Sender,
    /// Which of the operator's sites it is on.
    pub site: &'a str,
    /// When it happened: RFC 3339.
    pub time: &'a str,
    /// The webhook's `data.assignment`, `data.resolve` or `data.reopen`, unchanged.
    pub freshchat: &'a RawValue,
}
