//! The action `mute`.

use hookyard_chat::ConversationId;
use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Ids;
use crate::muting::Muting;

/// Whether the bot is to be silent in a conversation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mute {
    /// The conversation.
    pub(crate) conversation_id: ConversationId,
    /// `true` takes it from the bot, `false` gives it back.
    pub(crate) muted: bool,
}

/// What holds now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Muted {
    /// Whether the bot is silent.
    pub(crate) muted: bool,
}

/// Keeps it. Freshchat is not asked: a conversation may be muted before anything else is known of it.
pub(crate) fn run(input: &Mute) -> Result<Output, Error> {
    let ids = Ids::of(input.conversation_id.as_str())?;
    Muting::set(&ids.id, input.muted)?;
    Output::new(&Muted { muted: input.muted })
}
