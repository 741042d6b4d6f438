//! What clients can ask for.

mod assign;
mod get_conversation;
mod list;
mod mute;
mod raise_issue;
mod resolve;
mod send_message;

use std::time::Duration;

use hookyard_sdk::manifest::{ActionKind, Manifest};
use hookyard_sdk::{Action, Error, Output};

use crate::api::{Listed, Listing};
use crate::config::Config;
use assign::{AssignToGroup, Assigned};
use get_conversation::{Found, GetConversation};
use list::Nothing;
use mute::{Mute, Muted};
use raise_issue::{IssueRaised, RaiseIssue};
use resolve::{Resolve, Resolved};
use send_message::{SendMessage, Sent};

/// Where every action about a conversation has its id: runs for one conversation, webhooks included, happen one after the other.
const CONVERSATION: &str = "/conversation_id";
/// Time for what may take many calls: the parts of a long text (which end by themselves within a minute), the pages of a list, and
/// after the text of an issue its assignment.
const LONG: Duration = Duration::from_mins(2);
/// Time for one call, and once more with the other id.
const SHORT: Duration = Duration::from_secs(20);

/// The actions' part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    about_conversations(manifest)
        .action(
            ActionKind::new::<Nothing, Listed>("list-groups")
                .title("List the groups")
                .description("Ids and names of the account's groups, for group_name and the input group.")
                .idempotent()
                .timeout(LONG),
        )
        .action(
            ActionKind::new::<Nothing, Listed>("list-channels")
                .title("List the channels")
                .description("Ids and names of the account's channels, for channel_map.")
                .idempotent()
                .timeout(LONG),
        )
        .action(
            ActionKind::new::<Nothing, Listed>("list-agents")
                .title("List the agents")
                .description("Ids and names of the account's agents, for actor_id.")
                .idempotent()
                .timeout(LONG),
        )
}

fn about_conversations(manifest: Manifest) -> Manifest {
    manifest
        .action(
            ActionKind::new::<SendMessage, Sent>("send-message")
                .title("Send a message")
                .description("Writes into a conversation as the bot's agent; a long text becomes several messages.")
                .order(CONVERSATION)
                .timeout(LONG),
        )
        .action(
            ActionKind::new::<AssignToGroup, Assigned>("assign-to-group")
                .title("Assign to a group")
                .description("Puts a conversation into the queue of a group.")
                .idempotent()
                .order(CONVERSATION)
                .timeout(LONG),
        )
        .action(
            ActionKind::new::<RaiseIssue, IssueRaised>("raise-issue")
                .title("Hand over to people")
                .description("Sends a text, assigns the conversation to a group, and then silences the bot in it.")
                .order(CONVERSATION)
                .timeout(LONG),
        )
        .action(
            ActionKind::new::<Mute, Muted>("mute")
                .title("Silence the bot, or let it speak")
                .description("Takes a conversation from the bot, or gives it back.")
                .idempotent()
                .order(CONVERSATION),
        )
        .action(
            ActionKind::new::<Resolve, Resolved>("resolve")
                .title("Resolve a conversation")
                .description("Marks a conversation as resolved.")
                .idempotent()
                .order(CONVERSATION)
                .timeout(SHORT),
        )
        .action(
            ActionKind::new::<GetConversation, Found>("get-conversation")
                .title("Look up a conversation")
                .description("What Freshchat knows of a conversation, and whether the bot is silent in it.")
                .idempotent()
                .order(CONVERSATION)
                .timeout(SHORT),
        )
}

/// Runs one.
pub(crate) fn run(config: &Config, action: &Action) -> Result<Output, Error> {
    match action.name.as_str() {
        "send-message" => send_message::run(config, &action.input()?),
        "assign-to-group" => assign::run(config, &action.input()?),
        "raise-issue" => raise_issue::run(config, &action.input()?),
        "mute" => mute::run(&action.input()?),
        "resolve" => resolve::run(config, &action.input()?),
        "get-conversation" => get_conversation::run(config, &action.input()?),
        "list-groups" => list::run(config, Listing::Groups),
        "list-channels" => list::run(config, Listing::Channels),
        "list-agents" => list::run(config, Listing::Agents),
        _ => Err(action.unknown()),
    }
}
