//! The shapes of webhooks. Every member may be absent, `null` or of another type, so that the shape refuses a member that occurs
//! twice and nothing else.

use std::borrow::Cow;

use hookyard_sdk::{Error, RawValue, json, lenient};
use serde::Deserialize;

use super::ignored::Ignored;

/// A text that may be missing.
pub(super) type Text<'a> = Option<Cow<'a, str>>;

/// What all webhooks have.
#[derive(Default, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    pub actor: Option<Actor<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub action: Text<'a>,
    /// When Freshchat made the webhook.
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub action_time: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    pub data: Option<Payload<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Actor<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub actor_type: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub actor_id: Text<'a>,
}

/// One member for each action, and an id that is sometimes here and sometimes further within.
#[derive(Default, Deserialize)]
pub(super) struct Payload<'a> {
    #[serde(default, borrow)]
    pub message: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub assignment: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub resolve: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub reopen: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub freshchat_conversation_id: Text<'a>,
}

/// `data.message`.
#[derive(Deserialize)]
pub(super) struct MessageBody<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub app_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub actor_type: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub actor_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub conversation_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub freshchat_conversation_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub channel_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub freshchat_channel_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub user_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub site_id: Text<'a>,
    #[serde(default, borrow, rename = "siteId", deserialize_with = "lenient::id")]
    pub site_id_camel: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub message_type: Text<'a>,
    #[serde(default, rename = "botsPrivateNote", deserialize_with = "lenient::flag")]
    pub bots_private_note: Option<bool>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub created_time: Text<'a>,
    #[serde(default, borrow)]
    pub message_parts: Option<&'a RawValue>,
    /// The parts in the payload of 2018.
    #[serde(default, borrow)]
    pub msg_parts: Option<&'a RawValue>,
}

/// `data.assignment`, `data.resolve` and `data.reopen`: which of them it is tells which members count.
#[derive(Deserialize)]
pub(super) struct ChangeBody<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub assignor: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub assignor_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub to_agent_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub to_group_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub resolver: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub resolver_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub reopener: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub reopener_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub interaction_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    pub user: Option<User<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    pub conversation: Option<ConversationBody<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct User<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub id: Text<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct ConversationBody<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub conversation_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub freshchat_conversation_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub app_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub channel_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub freshchat_channel_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub status: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub assigned_agent_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    pub assigned_group_id: Text<'a>,
}

/// One of these shapes. `what` names it where it is no object.
pub(super) fn object<'a, T: Deserialize<'a>>(json: Option<&'a RawValue>, what: &'static str) -> Result<T, Ignored> {
    let json = json.filter(|json| json.get().starts_with('{')).ok_or(Ignored::Malformed(what))?;
    // It has been parsed before, and the shapes take any value: all that they refuse is a second member of a name.
    json::parse(json.get().as_bytes()).map_err(|_: Error| Ignored::MemberTwice)
}
