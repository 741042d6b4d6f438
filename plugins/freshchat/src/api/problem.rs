//! What Freshchat's errors become.
//!
//! An error is `{"code": 400, "status": "INVALID_VALUE", "message": "…"}`; older ones have `error_code` and `error_message`, and
//! what stands between sends pages of its own or nothing. The HTTP status decides, and the words are shown.

use std::borrow::Cow;
use std::time::Duration;

use hookyard_sdk::http::{self, Response};
use hookyard_sdk::{Error, invocation, lenient};
use serde::{Deserialize, Serialize};

/// What Freshchat says of a conversation that was resolved and has a successor.
const NOT_THE_LATEST: &str = "not the latest conversation";
/// Longest pause that is believed.
const PAUSE_MAX: Duration = Duration::from_hours(1);
/// Longest pause where Freshchat asks for one without saying how long.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// Why a call did not succeed.
#[derive(Debug)]
pub(crate) struct Problem {
    error: Error,
    /// Freshchat's status, if it was one of those that say that the request itself is wrong.
    refused: Option<u16>,
    /// Freshchat's words name a group.
    names_group: bool,
}

impl Problem {
    /// What the path names does not exist: 404.
    pub(crate) fn is_not_found(&self) -> bool {
        self.refused == Some(404) && !self.names_group
    }

    /// Something that the request names may not exist, or not any more: 400 and 404.
    pub(crate) fn may_be_outdated(&self) -> bool {
        matches!(self.refused, Some(400 | 404))
    }

    /// Freshchat refuses the group.
    pub(crate) fn names_group(&self) -> bool {
        self.names_group
    }

    /// The same, for whoever knows better what it means. What Freshchat said stays in its details.
    pub(crate) fn meaning(self, code: &str, message: impl Into<String>) -> Error {
        let mut error = Error::invalid(code, message);
        error.details = self.error.details;
        error
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { error, refused: None, names_group: false }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        problem.error
    }
}

/// Accepts answers that say that they are a success.
pub(super) fn check(response: &Response) -> Result<(), Problem> {
    if response.is_success() {
        return Ok(());
    }
    // Anything that is no such object has no words.
    let said = response.json::<Said<'_>>().unwrap_or_default();
    let (status, message) = (said.status(), said.message());
    let error = match response.status {
        401 | 403 => response.unauthorized(
            "Freshchat does not accept the token, or the token may not do this: copy access_token anew from Freshchat's API \
             settings",
        ),
        429 => response.rate_limited(Some(pause(response))),
        500.. => response.unavailable(),
        400..500 => refusal(response, status, message),
        _ => response.protocol("no status that Freshchat documents"),
    };
    let details = Details { http_status: response.status, provider_status: status.map(http::excerpt) };
    Err(Problem {
        error: error.details(&details),
        refused: (400..500).contains(&response.status).then_some(response.status),
        names_group: [status, message].into_iter().flatten().any(|words| words.to_lowercase().contains("group")),
    })
}

#[derive(Default, Deserialize)]
struct Said<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    message: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    error_code: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    error_message: Option<Cow<'a, str>>,
}

impl Said<'_> {
    fn status(&self) -> Option<&str> {
        self.status.as_deref().or(self.error_code.as_deref())
    }

    fn message(&self) -> Option<&str> {
        self.message.as_deref().or(self.error_message.as_deref())
    }
}

/// What the problem document shows.
#[derive(Serialize)]
struct Details {
    http_status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<String>,
}

fn refusal(response: &Response, status: Option<&str>, message: Option<&str>) -> Error {
    if message.is_some_and(|message| message.to_lowercase().contains(NOT_THE_LATEST)) {
        return Error::invalid(
            "conversation-closed",
            "Freshchat takes no more messages in this conversation: it is not the latest conversation of its user",
        );
    }
    let words: Vec<_> =
        [status, message].into_iter().flatten().map(str::trim).filter(|word| !word.is_empty()).collect();
    let said = if words.is_empty() { response.excerpt() } else { http::excerpt(&words.join(": ")) };
    let what = format!("Freshchat refuses the request ({})", response.status);
    Error::invalid("request-refused", if said.is_empty() { what } else { format!("{what}: {said}") })
}

/// As long as `retry-after` says; where it says nothing 1 s, and twice as long for every further run.
fn pause(response: &Response) -> Duration {
    match response.retry_after() {
        Some(pause) => pause.min(PAUSE_MAX),
        None => {
            let doublings = invocation::attempt().saturating_sub(1);
            Duration::from_secs(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(BACKOFF_MAX)
        }
    }
}
