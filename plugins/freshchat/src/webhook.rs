//! What Freshchat tells.
//!
//! Whatever is not as Freshchat documents it is answered 200 and logged: with another answer Freshchat would only repeat it.

mod conversation;
mod envelope;
mod ignored;
mod message;
mod parts;
mod told;

use hookyard_sdk::manifest::{EventKind, Manifest, Sample};
use hookyard_sdk::{Error, RawValue, Webhook};

use crate::config::Config;
use crate::events::{AgentTookOver, ConversationChanged, MessageReceived};
use told::Told;

/// The header that counts the versions of the payload. Which numbers there are is not documented, so that the shape of the body
/// decides, and the number only stands in the log.
const PAYLOAD_VERSION: &str = "x-freshchat-payload-version";

/// The webhooks' part of the manifest: the events and the samples.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest
        .event(EventKind::new::<MessageReceived<'_>>("message.received").title("A customer has written"))
        .event(
            EventKind::new::<MessageReceived<'_>>("message.observed")
                .title("A customer has written while a person has the conversation"),
        )
        .event(EventKind::new::<AgentTookOver<'_>>("agent.took-over").title("A person has taken the conversation over"))
        .event(
            EventKind::new::<ConversationChanged<'_>>("conversation.assigned")
                .title("A conversation was assigned to an agent or a group"),
        )
        .event(EventKind::new::<ConversationChanged<'_>>("conversation.resolved").title("A conversation was resolved"))
        .event(EventKind::new::<ConversationChanged<'_>>("conversation.reopened").title("A conversation was reopened"))
        .sample(sample("message", include_str!("../samples/message.json")))
        .sample(sample("picture", include_str!("../samples/picture.json")))
        .sample(sample("agent-message", include_str!("../samples/agent-message.json")))
        .sample(sample("next-message", include_str!("../samples/next-message.json")))
        .sample(sample("bot-message", include_str!("../samples/bot-message.json")))
        .sample(sample("private-note", include_str!("../samples/private-note.json")))
        .sample(sample("assignment", include_str!("../samples/assignment.json")))
        .sample(sample("resolution", include_str!("../samples/resolution.json")))
        .sample(sample("reopening", include_str!("../samples/reopening.json")))
}

/// Emits what the webhook calls for.
///
/// `invalid` if the body is no JSON.
pub(crate) fn handle(config: &Config, webhook: &Webhook) -> Result<(), Error> {
    let body: &RawValue = webhook.json()?;
    match Told::read(config, body) {
        Ok(Told::Message(message)) => message::handle(config, &message),
        Ok(Told::Conversation(conversation)) => conversation::handle(config, &conversation, webhook),
        Err(ignored) => {
            ignored.log(webhook.header(PAYLOAD_VERSION));
            Ok(())
        }
    }
}

fn sample(name: &str, body: &str) -> Sample {
    Sample::json(name, body).header("content-type", "application/json")
}
