//! The action `send-message`: one WhatsApp message, in the shape that all chat plugins share.

use hookyard_chat::{Attachment, AttachmentKind, ConversationId, unsupported};
use hookyard_sdk::manifest::{ActionKind, Manifest};
use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{self, State};
use crate::config::Config;
use crate::draft::{Draft, Places, Rules};
use crate::expiry::Expiry;
use crate::problems::Problems;
use crate::queue;

/// A message for somebody's WhatsApp.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessage {
    /// The phone number with its country code, however it is written.
    conversation_id: ConversationId,
    /// The text: 1 to 4,096 characters. It is needed beside an image, too.
    text: Option<String>,
    /// One image at most.
    #[serde(default)]
    attachments: Vec<Attachment>,
    /// What only Feedbot has.
    #[serde(default)]
    feedbot: Own,
}

/// What only Feedbot has.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Own {
    /// When the message is not to be sent any more: RFC 3339, or milliseconds since 1970.
    expires_at: Option<Expiry>,
}

/// Feedbot has the message. What becomes of it comes as an event.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sent {
    /// The phone number as it was sent: digits with the country code. Events of the message have it as their `subject`.
    conversation_id: String,
    /// Feedbot's id of the message.
    message_ids: Vec<String>,
    /// What only Feedbot has.
    feedbot: InQueue,
}

/// Where the message is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InQueue {
    /// Always `pending`: the Feedbot program sends it later.
    state: State,
}

/// The action's part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest.action(
        ActionKind::new::<SendMessage, Sent>("send-message")
            .title("Send a WhatsApp message")
            .description("Puts a message into Feedbot's queue; the Feedbot program sends it.")
            .timeout(api::ACTION_TIMEOUT),
    )
}

/// Checks it, then sends it with one call.
pub(crate) fn run(config: &Config, input: &SendMessage) -> Result<Output, Error> {
    let odd = |(index, attachment): (usize, &Attachment)| index > 0 || attachment.kind != AttachmentKind::Image;
    if let Some(index) = input.attachments.iter().enumerate().position(odd) {
        return Err(unsupported(index, input.attachments[index].kind, "Feedbot sends one image a message"));
    }
    let draft = Draft {
        message: input.text.as_deref().unwrap_or_default(),
        phone: input.conversation_id.as_str(),
        expires_at: input.feedbot.expires_at.as_ref(),
        image_url: input.attachments.first().map(|image| image.url.as_str()),
    };
    let mut problems = Problems::default();
    let message = draft.check(&places(), &Rules::of(config), &mut problems);
    problems.into_result()?;
    let conversation_id = message.phone.clone();
    let in_queue = queue::put(config, &[message])?;
    Output::new(&Sent { conversation_id, message_ids: in_queue.ids, feedbot: InQueue { state: State::Pending } })
}

fn places() -> Places {
    let [message, phone, expires_at, image_url] =
        ["/text", "/conversation_id", "/feedbot/expires_at", "/attachments/0/url"].map(str::to_owned);
    Places { message, phone, expires_at, image_url }
}
