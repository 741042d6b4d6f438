//! The action `resolve`.

use hookyard_chat::ConversationId;
use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::config::Config;
use crate::conversation::{Conversation, unknown};

/// Which conversation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolve {
    /// The conversation.
    pub(crate) conversation_id: ConversationId,
}

/// What holds now; also the change that Freshchat is sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Resolved {
    /// `resolved`.
    pub(crate) status: &'static str,
}

/// Marks the conversation as resolved. Freshchat's webhook of that gives it back to the bot.
pub(crate) fn run(config: &Config, input: &Resolve) -> Result<Output, Error> {
    let api = Api::new(config);
    let resolved = Resolved { status: "resolved" };
    let mut conversation = Conversation::of(&api, input.conversation_id.as_str())?;
    conversation.ask(|api, id| api.update_conversation(id, &resolved)).map_err(unknown)?;
    Output::new(&resolved)
}
