//! What a webhook says, once it is clear that it says something to this connection.

use std::borrow::Cow;

use hookyard_chat::{ConversationId, Sender, SenderKind};
use hookyard_sdk::{RawValue, invocation, time};

use super::envelope::{Actor, ChangeBody, ConversationBody, Envelope, MessageBody, Payload, Text, object};
use super::ignored::Ignored;
use super::parts::Content;
use crate::config::Config;

/// What a webhook says.
pub(super) enum Told<'a> {
    /// Somebody has written.
    Message(Box<Written<'a>>),
    /// Something happened to a conversation.
    Conversation(Box<Change<'a>>),
}

/// A message of a person.
pub(super) struct Written<'a> {
    pub id: Cow<'a, str>,
    pub conversation_id: ConversationId,
    /// The conversation's other id.
    pub freshchat_conversation_id: Text<'a>,
    pub channel_id: Text<'a>,
    pub freshchat_channel_id: Text<'a>,
    pub user_id: Text<'a>,
    pub site_id: Text<'a>,
    pub author: Author<'a>,
    pub content: Content<'a>,
    /// When it was written: RFC 3339.
    pub created: Text<'a>,
    /// When Freshchat made the webhook: RFC 3339.
    pub made: Text<'a>,
}

/// Who wrote a message.
pub(super) enum Author<'a> {
    /// A customer.
    User(Text<'a>),
    /// An agent who is not the bot.
    Agent(Cow<'a, str>),
}

/// Something that happened to a conversation.
pub(super) struct Change<'a> {
    pub what: What,
    pub conversation_id: ConversationId,
    /// The conversation's other id.
    pub freshchat_conversation_id: Text<'a>,
    pub channel_ids: [Text<'a>; 2],
    pub user_id: Text<'a>,
    pub status: Text<'a>,
    pub agent_id: Text<'a>,
    pub group_id: Text<'a>,
    pub by: Sender,
    /// When Freshchat made the webhook: RFC 3339.
    pub made: Text<'a>,
    /// What tells the webhook from others of its action and conversation, where it holds that.
    pub own_key: Option<String>,
    /// `data.assignment`, `data.resolve` or `data.reopen`.
    pub json: &'a RawValue,
}

/// What happened to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Assigned,
    Resolved,
    Reopened,
}

impl<'a> Told<'a> {
    /// What the body says to the connection of this config.
    pub(super) fn read(config: &Config, body: &'a RawValue) -> Result<Self, Ignored> {
        let Envelope { actor, action, action_time, data } = object(Some(body), "the object of the webhook")?;
        let action = action.ok_or(Ignored::Malformed("action"))?;
        let change = |what| Change::read(config, what, action_time.clone(), data.as_ref());
        match action.as_ref() {
            "message_create" => {
                let written = Written::read(config, &actor.unwrap_or_default(), action_time, data.unwrap_or_default())?;
                Ok(Self::Message(Box::new(written)))
            }
            "conversation_assignment" => Ok(Self::Conversation(Box::new(change(What::Assigned)?))),
            "conversation_resolution" => Ok(Self::Conversation(Box::new(change(What::Resolved)?))),
            "conversation_reopen" => Ok(Self::Conversation(Box::new(change(What::Reopened)?))),
            _ => Err(Ignored::UnknownAction(action.into_owned())),
        }
    }
}

impl<'a> Written<'a> {
    fn read(config: &Config, actor: &Actor<'a>, made: Text<'a>, data: Payload<'a>) -> Result<Self, Ignored> {
        let message: MessageBody<'a> = object(data.message, "data.message")?;
        if message.message_parts.is_none() && message.msg_parts.is_some() {
            return Err(Ignored::OldPayload);
        }
        check_app(config, message.app_id.as_deref(), "data.message.app_id")?;
        let author = Author::read(config, actor, &message)?;
        if message.bots_private_note == Some(true) || message.message_type.as_deref() == Some("private") {
            return Err(Ignored::Private);
        }
        let content = Content::read(message.message_parts).ok_or(Ignored::WithoutParts)?;
        Ok(Self {
            id: usable(message.id).ok_or(Ignored::Malformed("data.message.id"))?,
            conversation_id: conversation_id(message.conversation_id, "data.message.conversation_id")?,
            freshchat_conversation_id: usable(message.freshchat_conversation_id)
                .or(usable(data.freshchat_conversation_id)),
            channel_id: usable(message.channel_id),
            freshchat_channel_id: usable(message.freshchat_channel_id),
            user_id: usable(message.user_id),
            site_id: usable(message.site_id).or(usable(message.site_id_camel)),
            author,
            content,
            created: moment(message.created_time),
            made: moment(made),
        })
    }
}

impl<'a> Author<'a> {
    /// The webhook and the message in it both name one. Only where they agree it is a person: what the bot sends comes back as
    /// a webhook, and must not be taken for a customer's.
    fn read(config: &Config, actor: &Actor<'a>, message: &MessageBody<'a>) -> Result<Self, Ignored> {
        let ids = [&message.actor_id, &actor.actor_id];
        if ids.iter().any(|id| id.as_deref() == Some(config.actor_id.as_str())) {
            return Err(Ignored::OwnMessage);
        }
        let id = ids.into_iter().find_map(|id| usable(id.clone()));
        match [message.actor_type.as_deref(), actor.actor_type.as_deref()] {
            [Some("user"), Some("user") | None] | [None, Some("user")] => Ok(Self::User(id)),
            [Some("agent"), Some("agent") | None] | [None, Some("agent")] => {
                // An agent without an id may be the bot.
                id.map(Self::Agent).ok_or(Ignored::Malformed("data.message.actor_id"))
            }
            [None, None] => Err(Ignored::Malformed("data.message.actor_type")),
            [author, webhook] => {
                let all: Vec<&str> = author.into_iter().chain(webhook.filter(|_| webhook != author)).collect();
                Err(Ignored::NotByPerson(all.join(" by way of ")))
            }
        }
    }
}

impl<'a> Change<'a> {
    fn read(config: &Config, what: What, action_time: Text<'a>, data: Option<&Payload<'a>>) -> Result<Self, Ignored> {
        let (json, place) = match what {
            What::Assigned => (data.and_then(|data| data.assignment), "data.assignment"),
            What::Resolved => (data.and_then(|data| data.resolve), "data.resolve"),
            What::Reopened => (data.and_then(|data| data.reopen), "data.reopen"),
        };
        let json = json.ok_or(Ignored::Malformed(place))?;
        let body: ChangeBody<'a> = object(Some(json), place)?;
        let conversation: ConversationBody<'a> = body.conversation.unwrap_or_default();
        check_app(config, conversation.app_id.as_deref(), "conversation.app_id")?;
        let (by, agent_id, group_id) = match what {
            What::Assigned => ((body.assignor, body.assignor_id), body.to_agent_id, body.to_group_id),
            What::Resolved => {
                ((body.resolver, body.resolver_id), conversation.assigned_agent_id, conversation.assigned_group_id)
            }
            What::Reopened => {
                ((body.reopener, body.reopener_id), conversation.assigned_agent_id, conversation.assigned_group_id)
            }
        };
        let by = Sender { kind: kind(by.0.as_deref()), id: usable(by.1).map(Cow::into_owned), name: None };
        let user_id = usable(body.user.and_then(|user| user.id));
        let own_key = match (usable(body.interaction_id), usable(action_time.clone())) {
            (Some(interaction_id), Some(time)) => Some(format!("{interaction_id}:{time}")),
            _ => None,
        };
        let further_id = data.and_then(|data| data.freshchat_conversation_id.clone());
        Ok(Self {
            what,
            conversation_id: conversation_id(conversation.conversation_id, "conversation.conversation_id")?,
            freshchat_conversation_id: usable(conversation.freshchat_conversation_id).or(usable(further_id)),
            channel_ids: [usable(conversation.channel_id), usable(conversation.freshchat_channel_id)],
            user_id: user_id.or_else(|| by.id.clone().filter(|_| by.kind == SenderKind::User).map(Cow::Owned)),
            status: usable(conversation.status),
            agent_id: usable(agent_id),
            group_id: usable(group_id),
            by,
            own_key,
            made: moment(action_time),
            json,
        })
    }
}

impl What {
    /// Freshchat's word for it.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Assigned => "conversation_assignment",
            Self::Resolved => "conversation_resolution",
            Self::Reopened => "conversation_reopen",
        }
    }

    /// The event.
    pub(super) fn event(self) -> &'static str {
        match self {
            Self::Assigned => "conversation.assigned",
            Self::Resolved => "conversation.resolved",
            Self::Reopened => "conversation.reopened",
        }
    }
}

/// The time, for data that always has one: when the webhook came in, where Freshchat does not say it.
pub(super) fn or_receipt(time: Option<&str>) -> String {
    time.map(str::to_owned).or_else(|| invocation::attribute("received-at")).unwrap_or_default()
}

fn check_app(config: &Config, app_id: Option<&str>, place: &'static str) -> Result<(), Ignored> {
    match app_id {
        Some(app_id) if app_id == config.app_id => Ok(()),
        Some(app_id) => Err(Ignored::UnknownApp(app_id.to_owned())),
        None => Err(Ignored::Malformed(place)),
    }
}

fn conversation_id(id: Text<'_>, place: &'static str) -> Result<ConversationId, Ignored> {
    id.and_then(ConversationId::from_provider).ok_or(Ignored::Malformed(place))
}

/// A time of RFC 3339.
fn moment(text: Text<'_>) -> Text<'_> {
    text.filter(|text| time::parse_rfc3339(text).is_some())
}

/// A word or an id as Freshchat writes it: not empty, and what else makes an id of a conversation. Anything else is none.
fn usable(text: Text<'_>) -> Text<'_> {
    text.filter(|text| ConversationId::from_provider(text.as_ref()).is_some())
}

fn kind(word: Option<&str>) -> SenderKind {
    match word {
        Some("user") => SenderKind::User,
        Some("agent") => SenderKind::Agent,
        Some("bot") => SenderKind::Bot,
        Some("system") => SenderKind::System,
        _ => SenderKind::Unknown,
    }
}
