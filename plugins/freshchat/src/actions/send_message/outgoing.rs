//! Messages as Freshchat wants them (<https://developers.freshchat.com/api/#send_message>).

use hookyard_chat::{Attachment, AttachmentKind, invalid_input};
use hookyard_sdk::Error;
use serde::Serialize;

use super::split::split;
use super::{QuickReply, SendMessage};
use crate::config::Config;

/// Most messages that one text becomes.
const MESSAGES_MAX: usize = 50;

/// The body of one message.
#[derive(Debug, Serialize)]
pub(crate) struct Outgoing<'a> {
    message_parts: Vec<Part<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_parts: Vec<ReplyPart<'a>>,
    message_type: &'static str,
    actor_type: &'static str,
    actor_id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Part<'a> {
    Text {
        content: &'a str,
    },
    Image {
        url: &'a str,
    },
    Video {
        url: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        content_type: Option<&'a str>,
    },
    File {
        url: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_size_in_bytes: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content_type: Option<&'a str>,
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum ReplyPart<'a> {
    Collection { sub_parts: Vec<ReplyPart<'a>> },
    QuickReplyButton(Button<'a>),
}

#[derive(Debug, Serialize)]
struct Button<'a> {
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_reply_text: Option<&'a str>,
}

/// The messages that the input becomes: attachments and answers to choose from go with the last one.
///
/// `invalid` `text-too-long` if there were more than 50.
pub(crate) fn of<'a>(input: &'a SendMessage, config: &'a Config) -> Result<Vec<Outgoing<'a>>, Error> {
    let extras = input.freshchat.as_ref();
    let private = extras.is_some_and(|extras| extras.private);
    let mut messages = texts(input.text.as_deref().unwrap_or_default(), config, private)?;
    if messages.is_empty() {
        messages.push(message(Vec::new(), config, private));
    }
    if let Some(last) = messages.last_mut() {
        last.message_parts.extend(input.attachments.iter().map(attached));
        last.reply_parts = extras.map_or_else(Vec::new, |extras| choices(&extras.quick_replies));
    }
    Ok(messages)
}

/// The messages that a text alone becomes; none, if it is blank.
pub(crate) fn of_text<'a>(text: &'a str, config: &'a Config) -> Result<Vec<Outgoing<'a>>, Error> {
    texts(text, config, false)
}

fn texts<'a>(text: &'a str, config: &'a Config, private: bool) -> Result<Vec<Outgoing<'a>>, Error> {
    let chars_max = usize::try_from(config.text_chars_max).unwrap_or(usize::MAX);
    let mut messages = Vec::new();
    for content in split(text, chars_max) {
        if messages.len() == MESSAGES_MAX {
            let detail = format!("the text would become more than {MESSAGES_MAX} messages of {chars_max} characters");
            return Err(invalid_input("text-too-long", "/text", &detail));
        }
        messages.push(message(vec![Part::Text { content }], config, private));
    }
    Ok(messages)
}

/// Freshchat's word for who sees a message.
pub(super) fn message_type(private: bool) -> &'static str {
    if private { "private" } else { "normal" }
}

fn message<'a>(message_parts: Vec<Part<'a>>, config: &'a Config, private: bool) -> Outgoing<'a> {
    Outgoing {
        message_parts,
        reply_parts: Vec::new(),
        message_type: message_type(private),
        actor_type: "agent",
        actor_id: &config.actor_id,
    }
}

fn attached(attachment: &Attachment) -> Part<'_> {
    let (url, content_type) = (attachment.url.as_str(), attachment.content_type.as_deref());
    match attachment.kind {
        AttachmentKind::Image => Part::Image { url },
        AttachmentKind::Video => Part::Video { url, content_type },
        AttachmentKind::File => {
            let (name, file_size_in_bytes) = (attachment.name.as_deref(), attachment.size_bytes);
            Part::File { url, name, file_size_in_bytes, content_type }
        }
    }
}

fn choices(quick_replies: &[QuickReply]) -> Vec<ReplyPart<'_>> {
    let sub_parts: Vec<_> = quick_replies.iter().map(button).collect();
    if sub_parts.is_empty() { Vec::new() } else { vec![ReplyPart::Collection { sub_parts }] }
}

fn button(reply: &QuickReply) -> ReplyPart<'_> {
    ReplyPart::QuickReplyButton(match reply {
        QuickReply::Label(label) => Button { label, custom_reply_text: None },
        QuickReply::Labelled(reply) => Button { label: &reply.label, custom_reply_text: Some(&reply.value) },
    })
}
