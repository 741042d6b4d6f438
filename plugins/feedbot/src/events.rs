//! What became of messages, as events.

use hookyard_sdk::manifest::{EventKind, Manifest};
use hookyard_sdk::{Event, Refusal, time};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::State;
use crate::nullable;
use crate::polling::Followed;

/// How the wait for a message ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was sent.
    Sent,
    /// It was not sent, for this reason if Feedbot gives one.
    Failed(Option<String>),
    /// Nobody knows, and nobody asks any more.
    Expired(Cause),
}

/// Why nobody asks any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cause {
    /// The message's time was over an hour ago, and it is still in the queue.
    ExpiresAt,
    /// The config's `give_up_seconds` have passed.
    GiveUp,
}

/// The data of all three events. The text is not in them.
#[derive(Debug, Serialize, JsonSchema)]
struct Told<'a> {
    /// The phone number, digits with the country code; the event's `subject` as well.
    conversation_id: &'a str,
    /// Feedbot's id of the message.
    message_id: &'a str,
    /// `sent`, `failed` or `unknown`.
    state: State,
    /// Why it failed, in Feedbot's words; `null` if it did not, or Feedbot does not say.
    #[schemars(schema_with = "nullable::text")]
    reason: Option<&'a str>,
    /// Why nobody asks any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    /// When this was learnt: RFC 3339. Feedbot does not say when it happened.
    time: String,
}

/// The events' part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest
        .event(EventKind::new::<Told<'_>>("message.sent").title("A message was sent"))
        .event(EventKind::new::<Told<'_>>("message.failed").title("A message was not sent"))
        .event(EventKind::new::<Told<'_>>("message.expired").title("What became of a message is not known"))
}

/// Tells how the wait for a message ended. Of one message that is told once.
pub(crate) fn tell(message: &Followed, ending: &Ending, now_ms: i64) -> Result<(), Refusal> {
    let (kind, state, reason, cause) = match ending {
        Ending::Sent => ("message.sent", State::Sent, None, None),
        Ending::Failed(reason) => ("message.failed", State::Failed, reason.as_deref(), None),
        Ending::Expired(cause) => ("message.expired", State::Unknown, None, Some(*cause)),
    };
    let time = time::rfc3339(now_ms.div_euclid(1_000)).unwrap_or_default();
    Event::new(kind).subject(message.phone.clone()).dedupe_key(message.id.clone()).emit(&Told {
        conversation_id: &message.phone,
        message_id: &message.id,
        state,
        reason,
        cause,
        time,
    })
}
