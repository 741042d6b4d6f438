//! Messages that can be sent go into Feedbot's queue.

use hookyard_sdk::{Error, log};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::api;
use crate::api::State;
use crate::config::Config;
use crate::polling::{self, Followed};

/// A message as Feedbot takes it.
#[derive(Debug, Serialize)]
pub(crate) struct Queued<'a> {
    pub(crate) message: &'a str,
    /// Digits with the country code.
    pub(crate) phone: String,
    /// Milliseconds since 1970. Feedbot takes their digits as a text.
    #[serde(rename = "invalidationTime", serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at_ms: Option<i64>,
    #[serde(rename = "imagePath", skip_serializing_if = "Option::is_none")]
    pub(crate) image_url: Option<&'a str>,
}

fn as_text<S: Serializer>(millis: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match millis {
        Some(millis) => serializer.collect_str(millis),
        None => serializer.serialize_none(),
    }
}

/// What is in the queue now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InQueue {
    /// Feedbot's ids.
    pub(crate) ids: Vec<String>,
    /// Which message has which id, in the order of the input; empty if Feedbot gave more or fewer ids than there are messages.
    pub(crate) messages: Vec<Waiting>,
    /// What is odd, and what does not happen because of it.
    pub(crate) warnings: Vec<String>,
}

/// A message in the queue.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Waiting {
    /// Feedbot's id.
    pub(crate) id: String,
    /// The phone number as it was sent: digits with the country code.
    pub(crate) phone: String,
    /// Always `pending`: the Feedbot program sends it later.
    pub(crate) state: State,
}

/// Queues them with one call, which is never repeated, and has their status asked for later. Once Feedbot has them this does not fail:
/// whoever hears of a failure sends again.
pub(crate) fn put(config: &Config, messages: &[Queued<'_>]) -> Result<InQueue, Error> {
    let ids = api::queue(config, messages)?;
    if ids.len() != messages.len() {
        let warning = format!(
            "Feedbot gave {} ids for {} messages, so that it is not known which message has which id, and their status is not followed",
            ids.len(),
            messages.len()
        );
        log::warn(&warning);
        return Ok(InQueue { ids, messages: Vec::new(), warnings: vec![warning] });
    }
    let followed = ids.iter().zip(messages).map(|(id, message)| Followed {
        id: id.clone(),
        phone: message.phone.clone(),
        expires_at_ms: message.expires_at_ms,
    });
    let warnings = polling::follow(config, followed.collect());
    let waiting = ids.iter().zip(messages).map(|(id, message)| Waiting {
        id: id.clone(),
        phone: message.phone.clone(),
        state: State::Pending,
    });
    let messages = waiting.collect();
    Ok(InQueue { ids, messages, warnings })
}
