//! What the operator sets.

use std::collections::BTreeMap;

use hookyard_sdk::{RawValue, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// What a token may be: visible characters of ASCII without quotes. A blank would be behind the word `Bearer`, and a line break
/// would end the header. The host checks it, for the plugin sees a placeholder.
const TOKEN: &str = r"^[!#-&(-~]+$";
const TOKEN_ERROR: &str =
    "paste the token alone: without the word Bearer before it, and without quotes, blanks and line breaks";

/// The config of a connection to one Freshchat account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The Freshchat agent that the bot speaks as: its id.
    #[serde(deserialize_with = "bare")]
    #[schemars(extend("x-aliases" = ["freshchat-actor-id"]), regex(pattern = r"[^\s\x22]"))]
    pub actor_id: String,
    /// Freshchat's API token.
    #[schemars(extend("x-aliases" = ["freshchat-access-token"], "x-error" = TOKEN_ERROR), regex(pattern = TOKEN))]
    pub access_token: Secret,
    /// The account's App ID. Webhooks of another one are answered and ignored.
    #[serde(deserialize_with = "bare")]
    #[schemars(extend("x-aliases" = ["freshchat-app-id"]), regex(pattern = r"[^\s\x22]"))]
    pub app_id: String,
    /// The group that conversations with issues are assigned to, by its name. Without it nothing is assigned by itself.
    #[schemars(extend("x-aliases" = ["freshchat-group-name", "group-name"]), length(min = 1))]
    pub group_name: Option<String>,
    /// What the bot's user is; there is only one kind.
    #[serde(default)]
    #[schemars(extend("x-aliases" = ["user-type"]))]
    pub user_type: UserType,
    /// The bot's name, for people.
    pub name: Option<String>,
    /// Any further value of the bot. It is kept and returned, and sent nowhere.
    #[serde(default)]
    pub properties: BTreeMap<String, Box<RawValue>>,
    /// Where the API is. `/v2` is added where it is missing.
    #[serde(default = "default_api_base")]
    #[schemars(url, extend("x-aliases" = ["freshchat-api-base"]), regex(pattern = r"^https?://[^/?#\s]+(/[^?#\s]*)?$"))]
    pub api_base: String,
    /// The public key that Freshchat shows beside its webhooks, in any spelling, or several. Without it webhooks are answered 503.
    #[schemars(extend("x-aliases" = ["freshchat-webhook-public-key"]))]
    pub webhook_public_key: Option<PublicKeys>,
    /// The site of each channel: `channel_id` or `freshchat_channel_id` to its name.
    #[serde(default)]
    #[schemars(extend("x-aliases" = ["freshchat-channel-map"]))]
    pub channel_map: BTreeMap<String, String>,
    /// The user property that names the site.
    #[schemars(extend("x-aliases" = ["freshchat-site-property"]), length(min = 1))]
    pub site_property: Option<String>,
    /// The site of what nothing else names.
    #[serde(default = "default_site")]
    pub default_site: String,
    /// Longest text of one message, in characters; a longer one becomes several.
    #[serde(default = "default_text_chars_max")]
    #[schemars(range(min = 1, max = 20000))]
    pub text_chars_max: u32,
}

/// What the bot's user is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UserType {
    /// A machine.
    #[default]
    Machine,
}

/// One public key, or several while Freshchat changes it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PublicKeys {
    /// A single one.
    One(#[schemars(length(min = 1))] String),
    /// Several.
    Several(#[schemars(length(min = 1, max = 5), inner(length(min = 1)))] Vec<String>),
}

/// An id without blanks around it, and without the pair of quotes that examples show around values.
fn bare<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim();
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    Ok(inside.unwrap_or(text).trim().to_owned())
}

fn default_api_base() -> String {
    "https://api.freshchat.com/v2".to_owned()
}

fn default_site() -> String {
    "default".to_owned()
}

fn default_text_chars_max() -> u32 {
    4_000
}
