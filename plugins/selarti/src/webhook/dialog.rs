//! The twenty fields of a webhook.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hookyard_sdk::{RawValue, log};
use schemars::JsonSchema;
use serde::Serialize;

use super::body::Fields;
use super::flag::Flag;
use super::members::{Members, plain};
use super::message_type::MessageType;
use super::text;
use super::thread::Flags;
use crate::config::Config;

/// Their names, which are all that Selarti's manual says of them
/// (<https://manual.selarti.com/vneshnie-integracii/integraciya-s-vneshnim-messendzherom>).
pub(super) const FIELDS: [&str; 20] = [
    "channel_id",
    "close",
    "company_id",
    "contacts",
    "external_chat_id",
    "get_contact",
    "interest",
    "is_bot",
    "manager_id",
    "message_id",
    "message_text",
    "message_type",
    "operator",
    "panel_url",
    "share_url",
    "success",
    "task_id",
    "thread_id",
    "title",
    "wh_type",
];

/// The object `selarti` of every event: each field of the webhook under its name. What Selarti did not say is left out; a mark of
/// which it says nothing that is understood is `null`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Dialog<'a> {
    /// Id of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel_id: Option<Cow<'a, str>>,
    /// Whether the dialogue is closed.
    pub(super) close: Flag,
    /// Id of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) company_id: Option<Cow<'a, str>>,
    /// Contact data, as Selarti wrote them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contacts: Option<&'a RawValue>,
    /// Id of the dialogue in the operator's messenger: the `conversation_id` of `send-message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_chat_id: Option<Cow<'a, str>>,
    /// Whether the customer has left a phone number, an address, …
    pub(super) get_contact: Flag,
    /// Whether the customer has shown interest.
    pub(super) interest: Flag,
    /// Whether the customer seems to be a program. It does not say who wrote the message.
    pub(super) is_bot: Flag,
    /// Id of the manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) manager_id: Option<Cow<'a, str>>,
    /// Id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_id: Option<Cow<'a, str>>,
    /// Text of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_text: Option<Cow<'a, str>>,
    /// Who wrote it.
    pub(super) message_type: MessageType,
    /// Whether the dialogue is handed over to an operator.
    pub(super) operator: Flag,
    /// Link to the dialogue in Selarti's panel: answering there needs a login and rights in the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) panel_url: Option<Cow<'a, str>>,
    /// Link to read the dialogue, for whoever has it. Confidential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) share_url: Option<Cow<'a, str>>,
    /// Whether the dialogue was a success.
    pub(super) success: Flag,
    /// Id of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) task_id: Option<Cow<'a, str>>,
    /// Id of the thread, which is Selarti's name of the dialogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread_id: Option<Cow<'a, str>>,
    /// The customer's full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<Cow<'a, str>>,
    /// What happened, in Selarti's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wh_type: Option<Cow<'a, str>>,
    /// Fields of the webhook beyond these, as Selarti wrote them.
    #[schemars(with = "BTreeMap<String, Box<RawValue>>")]
    pub(super) raw: Members<'a>,
}

impl<'a> Dialog<'a> {
    /// Reads them. What cannot be read is logged.
    pub(super) fn read(fields: Fields<'a>, config: &Config) -> Self {
        let Fields { mut members, beside } = fields;
        Self {
            channel_id: readable(&mut members, "channel_id", text::id),
            close: flag(&mut members, "close"),
            company_id: readable(&mut members, "company_id", text::id),
            contacts: members.take("contacts"),
            external_chat_id: readable(&mut members, "external_chat_id", text::id),
            get_contact: flag(&mut members, "get_contact"),
            interest: flag(&mut members, "interest"),
            is_bot: flag(&mut members, "is_bot"),
            manager_id: readable(&mut members, "manager_id", text::id),
            message_id: readable(&mut members, "message_id", text::id),
            message_text: readable(&mut members, "message_text", text::text),
            message_type: MessageType::read(members.take("message_type"), config),
            operator: flag(&mut members, "operator"),
            panel_url: readable(&mut members, "panel_url", text::https_url),
            share_url: readable(&mut members, "share_url", text::https_url),
            success: flag(&mut members, "success"),
            task_id: readable(&mut members, "task_id", text::id),
            thread_id: readable(&mut members, "thread_id", text::id),
            title: readable(&mut members, "title", text::text),
            wh_type: readable(&mut members, "wh_type", text::text),
            // A link that is spelled twice was read once; the other one was not looked at.
            raw: members.followed_by(beside).parted(|name| matches!(plain(name).as_ref(), "panel_url" | "share_url")).1,
        }
    }

    /// The six marks.
    pub(super) fn flags(&self) -> Flags<Option<bool>> {
        Flags {
            close: self.close.0,
            interest: self.interest.0,
            success: self.success.0,
            get_contact: self.get_contact.0,
            operator: self.operator.0,
            is_bot: self.is_bot.0,
        }
    }
}

fn flag(members: &mut Members<'_>, name: &str) -> Flag {
    Flag::read(name, members.take(name))
}

type Read = fn(&RawValue) -> Option<Cow<'_, str>>;

/// The member of this name, if it can be read. Its value is not logged: a link may be confidential.
fn readable<'a>(members: &mut Members<'a>, name: &str, read: Read) -> Option<Cow<'a, str>> {
    let value = members.take(name)?;
    let text = read(value);
    if text.is_none() && !matches!(value.get(), "null" | "\"\"") {
        log::warn(format_args!("{name} cannot be read: left out"));
    }
    text
}
