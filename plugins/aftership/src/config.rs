//! What the operator sets.

use hookyard_sdk::{Secret, Secrets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The config of a connection to one AfterShip account.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// AfterShip's API key (admin.aftership.com, Developers, API Keys).
    pub api_key: Secret,
    /// The webhook secret that AfterShip shows under Tracking, Notifications, Webhooks. Without it, webhooks are answered 503.
    pub webhook_secret: Option<Secrets>,
    /// Where the API is.
    #[serde(default = "default_api_base")]
    #[schemars(url, regex(pattern = r"^https?://[^/?#\s]+(/[^?#\s]*)?$"))]
    pub api_base: String,
    /// Version of the API: `v4`, or a month like `2024-04`.
    #[serde(default = "default_api_version")]
    #[schemars(regex(pattern = r"^(v4|[0-9]{4}-(0[1-9]|1[0-2]))$"))]
    pub api_version: String,
    /// Which updates become events: the first one under each delivery tag, or every one.
    #[serde(default)]
    pub emit: Emit,
    /// What to do when a shipment is to be tracked that AfterShip already tracks.
    #[serde(default)]
    pub on_existing: OnExisting,
    /// What to do with updates of shipments that belong to no conversation.
    #[serde(default)]
    pub without_conversation: WithoutConversation,
}

/// Which updates become events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Emit {
    /// The first one under each delivery tag: first in transit, first failed attempt, …
    #[default]
    FirstTag,
    /// Every one.
    All,
}

/// What to do when a shipment is to be tracked that AfterShip already tracks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnExisting {
    /// It gets the new conversation.
    #[default]
    Update,
    /// It stays as it is.
    Keep,
    /// That is an error.
    Error,
}

/// What to do with updates of shipments that belong to no conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutConversation {
    /// Nothing.
    #[default]
    Ignore,
    /// An event without `subject` and `conversation`.
    Emit,
}

fn default_api_base() -> String {
    "https://api.aftership.com".to_owned()
}

fn default_api_version() -> String {
    "2024-04".to_owned()
}
