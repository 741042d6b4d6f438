//! From a message to its event.

use std::borrow::Cow;

use hookyard_chat::{ConversationId, Message, Sender, SenderKind};
use hookyard_sdk::{Error, Event, log};

use super::told::{Author, Written, or_receipt};
use crate::config::Config;
use crate::events::{AgentTookOver, FreshchatMessage, MessageReceived};
use crate::ids::Ids;
use crate::muting::{Heard, Mark, Muting, Said};
use crate::site::{Clues, Site};

/// A customer's message becomes `message.received`, or `message.observed` while a person has the conversation; an agent's is where
/// they take it over.
pub(super) fn handle(config: &Config, written: &Written<'_>) -> Result<(), Error> {
    let id = known_as(&written.conversation_id, written.freshchat_conversation_id.as_deref())?;
    match &written.author {
        Author::User(sender_id) => from_user(config, written, &id, sender_id.as_deref()),
        Author::Agent(agent_id) => from_agent(config, written, &id, agent_id),
    }
}

/// The name under which events and what is kept have a conversation. A webhook that names both ids is remembered: for some
/// conversations the API knows only one of them.
pub(super) fn known_as(id: &ConversationId, other: Option<&str>) -> Result<ConversationId, Error> {
    if let Some(other) = other {
        Ids::learn(id.as_str(), other)?;
    }
    Ok(ConversationId::from_provider(Ids::of(id.as_str())?.id).unwrap_or_else(|| id.clone()))
}

fn from_user(
    config: &Config,
    written: &Written<'_>,
    id: &ConversationId,
    sender_id: Option<&str>,
) -> Result<(), Error> {
    let content = &written.content;
    if content.unread > 0 {
        log::warn(format_args!("parts of the message that cannot be read: {}", content.unread));
    }
    if content.without_place > 0 {
        log::warn(format_args!("attachments without an https: URL, left out: {}", content.without_place));
    }
    let user_id = written.user_id.as_deref().or(sender_id);
    let site = site(config, written, id, user_id)?;
    let time = written.created.as_deref().or(written.made.as_deref()).map(str::to_owned);
    let mut received = MessageReceived {
        message: Message {
            conversation_id: id.clone(),
            message_id: written.id.clone().into_owned(),
            text: content.text.clone(),
            attachments: content.attachments.clone(),
            sender: Sender { kind: SenderKind::User, id: sender_id.or(user_id).map(str::to_owned), name: None },
            site: Some(site.name),
            channel_id: written.channel_id.clone().map(Cow::into_owned),
            time: time.clone(),
        },
        freshchat: FreshchatMessage {
            site_source: site.source,
            app_id: &config.app_id,
            freshchat_conversation_id: written.freshchat_conversation_id.as_deref(),
            freshchat_channel_id: written.freshchat_channel_id.as_deref(),
            user_id,
            message_parts: Some(content.parts),
        },
    };
    let kind = if Muting::of(id.as_str())?.muted { "message.observed" } else { "message.received" };
    let event = Event::new(kind).subject(id.to_string()).time(time);
    match event.clone().emit(&received) {
        // A long text stands in the parts once more. Without them there is room for whatever fits into a webhook.
        Err(refusal) if refusal.code == "too-large" => {
            log::warn("the message is so long that message_parts are left out of its event");
            received.freshchat.message_parts = None;
            event.emit(&received)?;
        }
        answer => answer?,
    }
    Ok(())
}

fn from_agent(config: &Config, written: &Written<'_>, id: &ConversationId, agent_id: &str) -> Result<(), Error> {
    let made = or_receipt(written.made.as_deref());
    let mark = Mark { time: made, key: written.id.clone().into_owned() };
    match Muting::hear(id.as_str(), Said::AgentWrote, &mark)? {
        Heard::TookOver => {}
        Heard::Counted => {
            log::debug("an agent who has taken over before: no event");
            return Ok(());
        }
        Heard::Late => {
            log::info("an agent's message that is older than what has become of the conversation: ignored");
            return Ok(());
        }
    }
    let site = site(config, written, id, written.user_id.as_deref())?;
    let time = written.created.as_deref().unwrap_or(&mark.time);
    let took_over =
        AgentTookOver { conversation_id: id.as_str(), agent_id, message_id: &written.id, site: &site.name, time };
    let said = written.created.as_deref().or(written.made.as_deref());
    Event::new("agent.took-over").subject(id.to_string()).time(said.map(str::to_owned)).emit(&took_over)?;
    Ok(())
}

fn site(config: &Config, written: &Written<'_>, id: &ConversationId, user_id: Option<&str>) -> Result<Site, Error> {
    let clues = Clues {
        site_id: written.site_id.as_deref(),
        channel_ids: [written.channel_id.as_deref(), written.freshchat_channel_id.as_deref()],
        conversation_id: id.as_str(),
        user_id,
    };
    Site::find(config, &clues)
}
