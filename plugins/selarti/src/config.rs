//! What the operator sets. What is not public of Selarti (where and how a message is sent to the AI) is set here.

mod auth;

use std::collections::BTreeMap;

use hookyard_sdk::{RawValue, Secrets};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

pub(crate) use auth::Auth;

/// Fewest characters of a webhook token: 128 random bits in base64url. Nothing else protects the webhooks.
const TOKEN_CHARS_MIN: usize = 22;

/// The config of a connection to one Selarti task.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The id of the task of type "Web", copied from Selarti's panel.
    #[schemars(regex(pattern = r"\S"), extend("x-error" = "copy the id of the task from Selarti's panel"))]
    pub task_id: String,
    /// Where a message to the AI goes: the URL of the method in docs.selarti.com. It has no default, because it is not public;
    /// without it nothing can be sent, and webhooks work.
    #[schemars(
        regex(pattern = r"^(https?://[^/?#\s]+([/?][^#\s]*)?)?$"),
        extend("x-error" = "an absolute URL, https://…, without a fragment")
    )]
    pub send_url: Option<String>,
    /// The HTTP method of that call.
    #[serde(default)]
    pub send_method: SendMethod,
    /// How its body is written.
    #[serde(default)]
    pub send_encoding: SendEncoding,
    /// What the fields of its body are called, each a key path: `chat_id`, or `message[text]`.
    #[serde(default)]
    pub send_fields: SendFields,
    /// Further fields that are always sent: key path to any JSON.
    #[serde(default)]
    pub send_extra: BTreeMap<String, Box<RawValue>>,
    /// How that call proves whose it is.
    #[serde(default)]
    pub auth: Auth,
    /// What Selarti must show in the webhook URL, made up by the operator: 22 characters or more. Or several while it changes.
    /// Without it, webhooks are answered 503.
    #[serde(default)]
    #[schemars(schema_with = "webhook_token")]
    pub webhook_token: Option<Secrets>,
    /// Whose messages become events.
    #[serde(default = "everybody")]
    pub forward: Vec<Forwarded>,
    /// The tasks whose webhooks count: `task_id` alone, if nothing is said.
    pub accept_task_ids: Option<Vec<String>>,
    /// Further spellings of `message_type`, beside those that are known.
    #[serde(default)]
    pub type_map: BTreeMap<String, Author>,
}

/// The HTTP method of the call that sends a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SendMethod {
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
}

/// How the body of that call is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SendEncoding {
    /// As JSON.
    #[default]
    Json,
    /// As a form.
    Form,
}

/// Where in the body of that call its three parts stand, as key paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SendFields {
    /// The conversation.
    pub chat_id: String,
    /// The task.
    pub task: String,
    /// The text.
    pub text: String,
}

impl Default for SendFields {
    fn default() -> Self {
        Self { chat_id: "chat_id".to_owned(), task: "task_id".to_owned(), text: "text".to_owned() }
    }
}

/// Who can have written a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Author {
    /// The AI.
    Bot,
    /// A person of the operator's.
    Operator,
    /// The customer: what comes back of what was sent.
    User,
}

/// Whose messages can become events. A customer's cannot: they come from the conversation that they would go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Forwarded {
    /// The AI's.
    Bot,
    /// Those of the operator's people.
    Operator,
}

impl Config {
    /// Where a message goes, if that is set.
    pub(crate) fn send_url(&self) -> Option<&str> {
        self.send_url.as_deref().filter(|url| !url.is_empty())
    }

    /// Whether webhooks of this task count.
    pub(crate) fn accepts(&self, task_id: &str) -> bool {
        match &self.accept_task_ids {
            Some(accepted) => accepted.iter().any(|accepted| accepted.trim() == task_id),
            None => self.task_id.trim() == task_id,
        }
    }

    /// Whether a message of this author becomes an event.
    pub(crate) fn forwards(&self, author: Author) -> bool {
        match author {
            Author::Bot => self.forward.contains(&Forwarded::Bot),
            Author::Operator => self.forward.contains(&Forwarded::Operator),
            Author::User => false,
        }
    }
}

fn everybody() -> Vec<Forwarded> {
    vec![Forwarded::Bot, Forwarded::Operator]
}

/// As [`Secrets`], and each of them long enough that nobody guesses it.
fn webhook_token(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "array"],
        "minLength": TOKEN_CHARS_MIN,
        "minItems": 1,
        "maxItems": 5,
        "items": { "type": "string", "minLength": TOKEN_CHARS_MIN, "writeOnly": true },
        "writeOnly": true,
    })
}
