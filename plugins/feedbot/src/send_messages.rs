//! The action `send-messages`: several WhatsApp messages, to anybody.

use hookyard_sdk::manifest::{ActionKind, Manifest};
use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api;
use crate::config::Config;
use crate::draft::{Draft, Places, Rules};
use crate::expiry::Expiry;
use crate::problems::Problems;
use crate::queue::{self, InQueue};

/// Messages to send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessages {
    /// At most as many as the config's `max_batch`.
    #[schemars(length(min = 1, max = 500))]
    messages: Vec<ToSend>,
}

/// One of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToSend {
    /// The text: 1 to 4,096 characters.
    message: String,
    /// Whom to: a phone number with its country code, however it is written.
    phone: String,
    /// When it is not to be sent any more: RFC 3339, or milliseconds since 1970.
    #[schemars(extend("x-aliases" = ["invalidationTime"]))]
    expires_at: Option<Expiry>,
    /// A picture that goes with it: the URL of an image.
    #[schemars(extend("x-aliases" = ["imagePath"]))]
    image_url: Option<String>,
}

/// The action's part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest.action(
        ActionKind::new::<SendMessages, InQueue>("send-messages")
            .title("Send WhatsApp messages")
            .description("Puts messages into Feedbot's queue, all or none; the Feedbot program sends them.")
            .timeout(api::ACTION_TIMEOUT),
    )
}

/// Checks all of them, then sends all with one call, or none.
pub(crate) fn run(config: &Config, input: &SendMessages) -> Result<Output, Error> {
    let mut problems = Problems::default();
    if input.messages.len() > usize::from(config.max_batch) {
        let detail = format!("{} messages; max_batch of this connection is {}", input.messages.len(), config.max_batch);
        problems.add("/messages", "batch-too-large", detail);
    }
    let rules = Rules::of(config);
    let checked = input.messages.iter().enumerate().map(|(number, message)| {
        let draft = Draft {
            message: &message.message,
            phone: &message.phone,
            expires_at: message.expires_at.as_ref(),
            image_url: message.image_url.as_deref(),
        };
        draft.check(&places(number), &rules, &mut problems)
    });
    let messages: Vec<_> = checked.collect();
    problems.into_result()?;
    Output::new(&queue::put(config, &messages)?)
}

fn places(number: usize) -> Places {
    let of = |member: &str| format!("/messages/{number}/{member}");
    Places { message: of("message"), phone: of("phone"), expires_at: of("expires_at"), image_url: of("image_url") }
}
