//! Who wrote a message.

use hookyard_sdk::{RawValue, http, log};
use schemars::JsonSchema;
use serde::Serialize;

use super::text;
use crate::config::{Author, Config};

/// Who wrote the message, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MessageType {
    /// The AI.
    Bot,
    /// A person of the operator's.
    Operator,
    /// The customer.
    User,
    /// Nothing is said, or something that is not known.
    Unknown,
}

impl MessageType {
    /// Reads `message_type`. The spellings of the config come after those that are known, so that none of them turns a
    /// customer's message into an answer.
    pub(super) fn read(json: Option<&RawValue>, config: &Config) -> Self {
        let Some(spelled) = json.and_then(text::id) else { return Self::Unknown };
        let plain = spelled.to_lowercase();
        let author = known(&plain).or_else(|| {
            let mut further = config.type_map.iter();
            further.find_map(|(spelling, author)| (spelling.trim().to_lowercase() == plain).then_some(*author))
        });
        if author.is_none() {
            let shown = http::excerpt(&spelled);
            log::warn(format_args!("the message_type {shown} is not known: name it in type_map to have it forwarded"));
        }
        author.map_or(Self::Unknown, Self::from)
    }
}

impl From<Author> for MessageType {
    fn from(author: Author) -> Self {
        match author {
            Author::Bot => Self::Bot,
            Author::Operator => Self::Operator,
            Author::User => Self::User,
        }
    }
}

fn known(spelling: &str) -> Option<Author> {
    match spelling {
        "bot" | "ai" | "assistant" | "бот" => Some(Author::Bot),
        "operator" | "manager" | "оператор" => Some(Author::Operator),
        "user" | "client" | "пользователь" => Some(Author::User),
        _ => None,
    }
}
