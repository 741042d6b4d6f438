//! The action `get-conversation`.

use std::borrow::Cow;

use hookyard_chat::ConversationId;
use hookyard_sdk::{Error, Output, RawValue, lenient};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::config::Config;
use crate::conversation::{Conversation, unknown};
use crate::muting::Muting;

/// Which conversation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetConversation {
    /// The conversation.
    pub(crate) conversation_id: ConversationId,
}

/// What Freshchat knows of the conversation. What it does not say is left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found<'a> {
    /// The conversation, as it was asked for.
    pub(crate) conversation_id: &'a ConversationId,
    /// For example `new`, `assigned`, `resolved`, `reopened`.
    pub(crate) status: Cow<'a, str>,
    /// The channel it came through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel_id: Option<Cow<'a, str>>,
    /// The customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<Cow<'a, str>>,
    /// The agent who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assigned_agent_id: Option<Cow<'a, str>>,
    /// The group that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assigned_group_id: Option<Cow<'a, str>>,
    /// Whether the bot is silent in it.
    pub(crate) muted: bool,
    /// The whole conversation, as Freshchat wrote it.
    pub(crate) freshchat: &'a RawValue,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    channel_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    user_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    assigned_agent_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    assigned_group_id: Option<Cow<'a, str>>,
}

/// Asks Freshchat, and looks up whether the bot is silent.
pub(crate) fn run(config: &Config, input: &GetConversation) -> Result<Output, Error> {
    let api = Api::new(config);
    let mut conversation = Conversation::of(&api, input.conversation_id.as_str())?;
    let response = conversation.ask(Api::conversation).map_err(unknown)?;
    let fields: Fields<'_> = response.object()?;
    let status = fields.status.filter(|status| !status.is_empty());
    Output::new(&Found {
        conversation_id: &input.conversation_id,
        status: status.ok_or_else(|| response.protocol("it has no status"))?,
        channel_id: fields.channel_id.filter(|id| is_one(id)),
        user_id: fields.user_id.filter(|id| is_one(id)),
        assigned_agent_id: fields.assigned_agent_id.filter(|id| is_one(id)),
        assigned_group_id: fields.assigned_group_id.filter(|id| is_one(id)),
        muted: Muting::of(conversation.id())?.muted,
        freshchat: response.json()?,
    })
}

/// An empty text, or a blank, is what Freshchat has where nobody is.
fn is_one(id: &str) -> bool {
    !id.trim().is_empty()
}
