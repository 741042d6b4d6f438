//! The action `raise-issue`: the bot needs a person.

use hookyard_chat::ConversationId;
use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assign::{assign, group_of};
use super::send_message::{outgoing, send};
use crate::api::Api;
use crate::config::Config;
use crate::conversation::Conversation;
use crate::muting::Muting;

/// What is to be said, and who is to take over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RaiseIssue {
    /// The conversation.
    pub(crate) conversation_id: ConversationId,
    /// What the customer is told first.
    pub(crate) text: Option<String>,
    /// The group's name; the config's `group_name` if it is left out.
    #[schemars(regex(pattern = r"\S"))]
    pub(crate) group: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct IssueRaised {
    /// Whether the conversation waits for the group; `false` if no group is named anywhere.
    pub(crate) assigned: bool,
    /// Whether the bot is silent from now on.
    pub(crate) muted: bool,
    /// Freshchat's id of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_id: Option<String>,
    /// Freshchat's ids of the messages that the text became.
    pub(crate) message_ids: Vec<String>,
}

/// Sends the text, then assigns, then mutes: whoever is not assigned to anybody must not be left alone by the bot. Without a group
/// the bot goes on.
///
/// What fails after the text was sent is `failed` `partly-sent`, whatever it was, so that nothing sends it again.
pub(crate) fn run(config: &Config, input: &RaiseIssue) -> Result<Output, Error> {
    let api = Api::new(config);
    let mut conversation = Conversation::of(&api, input.conversation_id.as_str())?;
    let messages = outgoing::of_text(input.text.as_deref().unwrap_or_default(), config)?;
    let message_ids = send::all(&mut conversation, &messages)?;
    let Some(name) = group_of(config, input.group.as_deref()) else {
        return Output::new(&IssueRaised { assigned: false, muted: false, group_id: None, message_ids });
    };
    let group = match assign(&mut conversation, name) {
        Ok(group) => group,
        Err(error) if messages.is_empty() => return Err(error),
        Err(error) => {
            return Err(send::partly("the text was sent, but the conversation was not assigned", &message_ids, error));
        }
    };
    Muting::mute_after_sending(conversation.id())?;
    Output::new(&IssueRaised { assigned: true, muted: true, group_id: Some(group.id), message_ids })
}
