//! What the operator sets.

use hookyard_sdk::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a header can hold. The host checks it, for the plugin sees a placeholder.
const TOKEN: &str = r"^[ -~\t]+$";
const TOKEN_ERROR: &str = "paste the token alone: a header can hold neither line breaks nor letters beyond ASCII";
/// An absolute URL without a fragment.
const URL: &str = r"^https?://[^/?#\s]+([/?][^#\s]*)?$";
const URL_ERROR: &str = "an absolute URL, https://…, without a fragment";

/// The config of a connection to one Feedbot licence.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The id that Feedbot gives after the premium licence is bought. It goes out as the header `auth`.
    #[schemars(regex(pattern = TOKEN), extend("x-error" = TOKEN_ERROR))]
    pub auth_token: Secret,
    /// Where messages are queued.
    #[serde(default = "default_send_url")]
    #[schemars(url, regex(pattern = URL), extend("x-error" = URL_ERROR))]
    pub send_url: String,
    /// Where the status of a message is asked for.
    #[serde(default = "default_status_url")]
    #[schemars(url, regex(pattern = URL), extend("x-error" = URL_ERROR))]
    pub status_url: String,
    /// What stands before a phone number in place of its leading 0: `972`. Without it, such a number is refused.
    #[schemars(
        regex(pattern = r"^[1-9][0-9]{0,2}$"),
        extend("x-error" = "1 to 3 digits, without + and leading zeros, as \"972\"")
    )]
    pub default_country_code: Option<String>,
    /// After so many seconds a message is not sent any more, unless it says when itself. Without it, it waits for ever.
    #[schemars(range(min = 60, max = 2_592_000))]
    pub default_ttl_seconds: Option<u32>,
    /// Most messages of one call.
    #[serde(default = "default_max_batch")]
    #[schemars(range(min = 1, max = 500))]
    pub max_batch: u16,
    /// How often the status of a message is asked for, and how long.
    #[serde(default)]
    pub poll: Poll,
}

/// How often the status of a message is asked for, and how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Poll {
    /// Whether it is asked for at all. Without it there are no events.
    pub enabled: bool,
    /// Seconds before it is asked for the first time.
    #[schemars(range(min = 1, max = 86_400))]
    pub first_seconds: u32,
    /// How many times as long each further pause is.
    #[schemars(range(min = 1, max = 10))]
    pub factor: f64,
    /// Longest pause, in seconds.
    #[schemars(range(min = 1, max = 86_400))]
    pub max_seconds: u32,
    /// So many seconds after a message was queued, nobody asks for it any more.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub give_up_seconds: u32,
}

impl Default for Poll {
    fn default() -> Self {
        Self { enabled: true, first_seconds: 10, factor: 2.0, max_seconds: 600, give_up_seconds: 86_400 }
    }
}

fn default_send_url() -> String {
    "https://addnewmessages-bmb77ejh3a-uc.a.run.app".to_owned()
}

fn default_status_url() -> String {
    "https://getmessagestatus-bmb77ejh3a-uc.a.run.app".to_owned()
}

fn default_max_batch() -> u16 {
    50
}
