//! Messages on their way, one after the other.

use std::borrow::Cow;
use std::time::Duration;

use hookyard_sdk::http::Response;
use hookyard_sdk::{Error, json, lenient, time};
use serde::{Deserialize, Serialize};

use super::outgoing::Outgoing;
use crate::conversation::{Conversation, unknown};

/// Time after which no further message is begun, so that the action ends by itself and says what was sent.
const SENDING: Duration = Duration::from_secs(45);

/// Sends them all, and gives Freshchat's ids of them; one that it has only accepted has none yet.
///
/// The error of the first one is its own; a later one is [`partly`].
pub(crate) fn all(conversation: &mut Conversation<'_>, messages: &[Outgoing<'_>]) -> Result<Vec<String>, Error> {
    let began = time::now();
    let mut message_ids = Vec::new();
    for (sent, message) in messages.iter().enumerate() {
        let answer = if time::now().saturating_sub(began) > SENDING {
            Err(Error::unavailable("deadline", "Freshchat takes the messages too slowly"))
        } else {
            one(conversation, message)
        };
        match answer {
            Ok(id) => message_ids.extend(id),
            Err(error) if sent == 0 => return Err(error),
            Err(error) => {
                let what = format!("{sent} of {} messages were sent", messages.len());
                return Err(partly(&what, &message_ids, error));
            }
        }
    }
    Ok(message_ids)
}

/// `failed` `partly-sent`: what was sent must not be sent again, whatever the rest failed with.
pub(crate) fn partly(what: &str, message_ids: &[String], error: Error) -> Error {
    let Error { code, message, details, retry_after_ms, .. } = error;
    let mut partly = Error::failed("partly-sent", format!("{what}: {message}"));
    partly.details = details;
    partly.details(&Details { message_ids, cause: &code, retry_after_ms })
}

#[derive(Serialize)]
struct Details<'a> {
    message_ids: &'a [String],
    /// The code of what failed.
    cause: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u32>,
}

fn one(conversation: &mut Conversation<'_>, message: &Outgoing<'_>) -> Result<Option<String>, Error> {
    let response = conversation.ask(|api, id| api.message(id, message)).map_err(unknown)?;
    id_of(&response)
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    id: Option<Cow<'a, str>>,
}

fn id_of(response: &Response) -> Result<Option<String>, Error> {
    // 202 is "accepted", and has the shape of an error.
    if response.status == 202 {
        let id = json::parse::<Answer<'_>>(&response.body).ok().and_then(|answer| answer.id);
        return Ok(id.map(Cow::into_owned));
    }
    let id = response.object::<Answer<'_>>()?.id.filter(|id| !id.is_empty());
    match id {
        Some(id) => Ok(Some(id.into_owned())),
        None => Err(response.protocol("the message has no id")),
    }
}
