//! What Feedbot's answers mean.
//!
//! `{"errorCode": null, "success": true, …}`. Which HTTP status comes with an error, and whether `errorCode` is a number or its name, is
//! not documented: both are read, and an error counts with any status.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use hookyard_sdk::http::{self, Response};
use hookyard_sdk::{Error, RawValue, json, lenient};
use serde::Serialize;

use super::Status;
use super::tolerant;

/// Longest pause that is believed.
const PAUSE_MAX: Duration = Duration::from_hours(1);

/// The members of an answer that says that it is a success.
pub(super) struct Answer(BTreeMap<String, Box<RawValue>>);

/// What is wrong, in Feedbot's words.
#[derive(Debug, PartialEq, Eq)]
enum ErrorCode {
    /// 2.
    MissingParams,
    /// 99.
    UserNotAuthorized,
    /// Not documented; a number where it is one.
    Other(Shown),
}

/// A code as the problem document shows it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Shown {
    Number(i64),
    Text(String),
}

#[derive(Serialize)]
struct Details<'a> {
    http_status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a Shown>,
}

impl Answer {
    /// Gives only answers that say that they are a success, both in the HTTP status and in the body.
    pub(super) fn accepted(response: &Response) -> Result<Self, Error> {
        let answer = if response.truncated { None } else { tolerant::object(&response.body).map(Self) };
        let code = answer.as_ref().and_then(Self::error_code);
        match (response.status, code, answer) {
            (500.., ..) => Err(response.unavailable()),
            (429, ..) => Err(response.rate_limited(response.retry_after().map(|wait| wait.min(PAUSE_MAX)))),
            (401 | 403, ..) | (_, Some(ErrorCode::UserNotAuthorized), _) => Err(response
                .unauthorized("Feedbot does not accept the token: check auth_token, and whether the licence is valid")),
            (_, Some(ErrorCode::MissingParams), _) => Err(missing_params(response)),
            (_, Some(ErrorCode::Other(code)), _) => Err(refused(response, Some(&code))),
            (_, None, Some(answer)) if answer.denies() => Err(refused(response, None)),
            (200..300, None, Some(answer)) => Ok(answer),
            (200..300, None, None) => Err(response.protocol("no JSON object")),
            _ => Err(response.protocol("no documented status")),
        }
    }

    /// Feedbot's ids. Its documentation prints the name as `ids:`. What is neither a text nor a number is none.
    pub(super) fn ids(&self) -> Vec<String> {
        let named = |name: &&String| name.replace(':', "").trim() == "ids";
        let exact = ["ids", "ids:"].into_iter().filter_map(|name| self.0.get(name));
        let similar = self.0.iter().filter(|(name, _)| named(name)).map(|(_, value)| value);
        exact.chain(similar).map(|value| ids_in(value)).find(|ids| !ids.is_empty()).unwrap_or_default()
    }

    /// What became of a message.
    pub(super) fn status(&self) -> Status {
        let number = self.word("status").and_then(|word| word.trim().parse().ok());
        let number = number.filter(|number| (-1..=1).contains(number));
        let reason = self.word("reason").filter(|reason| !reason.trim().is_empty()).map(Cow::into_owned);
        Status { number, reason }
    }

    /// The status alone, for the log: a reason may have a phone number in it.
    pub(super) fn status_as_written(&self) -> String {
        self.0.get("status").map_or_else(|| "none".to_owned(), |json| http::excerpt(json.get()))
    }

    fn error_code(&self) -> Option<ErrorCode> {
        let json = self.0.get("errorCode").filter(|json| json.get() != "null")?;
        let word = lenient::id(&**json).ok().flatten().unwrap_or(Cow::Borrowed(json.get()));
        let word = word.trim();
        Some(match (word.parse(), word) {
            (Ok(2), _) => ErrorCode::MissingParams,
            (Ok(99), _) => ErrorCode::UserNotAuthorized,
            (Ok(number), _) => ErrorCode::Other(Shown::Number(number)),
            (Err(_), word) if word.eq_ignore_ascii_case("MISSING_PARAMS") => ErrorCode::MissingParams,
            (Err(_), word) if word.eq_ignore_ascii_case("USER_NOT_AUTHORIZED") => ErrorCode::UserNotAuthorized,
            (Err(_), word) => ErrorCode::Other(Shown::Text(http::excerpt(word))),
        })
    }

    fn denies(&self) -> bool {
        let json = self.0.get("success");
        json.is_some_and(|json| json.get().trim_matches('"').trim().eq_ignore_ascii_case("false"))
    }

    /// A text, or a number as its digits are written.
    fn word(&self, name: &str) -> Option<Cow<'_, str>> {
        let json: &RawValue = self.0.get(name)?;
        lenient::id(json).ok().flatten().or_else(|| lenient::text(json).ok().flatten())
    }
}

fn ids_in(value: &RawValue) -> Vec<String> {
    let elements: Vec<Box<RawValue>> = json::parse(value.get().as_bytes()).unwrap_or_default();
    let ids = elements.iter().filter_map(|element| lenient::id(&**element).ok().flatten().map(Cow::into_owned));
    ids.filter(|id| !id.is_empty()).collect()
}

fn missing_params(response: &Response) -> Error {
    let details = Details { http_status: response.status, error_code: Some(&Shown::Number(2)) };
    Error::invalid(
        "missing-params",
        "Feedbot says that something is missing (MISSING_PARAMS), as it does of ids that it does not know",
    )
    .details(&details)
}

fn refused(response: &Response, code: Option<&Shown>) -> Error {
    let what = match code {
        Some(Shown::Number(number)) => format!("with the error code {number}"),
        Some(Shown::Text(text)) => format!("with the error code {text}"),
        None => "without an error code".to_owned(),
    };
    let details = Details { http_status: response.status, error_code: code };
    Error::failed("feedbot-error", format!("Feedbot refuses {what}")).details(&details)
}
