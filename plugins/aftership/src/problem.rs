//! What AfterShip's errors become.
//!
//! AfterShip wraps every answer: `{"meta": {"code", "message", "type"}, "data": …}`, and `meta.code` is finer than the HTTP status
//! (<https://www.aftership.com/docs/tracking/quickstart/request-errors>). What stands between the two, a gateway for example, does
//! not know the wrapper.

use std::borrow::Cow;
use std::time::Duration;

use hookyard_sdk::http::{self, Response};
use hookyard_sdk::{Error, lenient, time};
use serde::{Deserialize, Serialize};

/// The tracking that was to be created is there.
const EXISTS: u32 = 4003;

/// Longest pause that is believed; AfterShip counts its limits by the second.
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// Why a call did not succeed.
pub(crate) enum Problem {
    /// Nothing that can be used came back.
    Unanswered(http::Error),
    /// AfterShip said no.
    Answered {
        /// Its code, where it gave one.
        meta_code: Option<u32>,
        /// What that means.
        error: Box<Error>,
    },
}

impl Problem {
    /// The answer got lost, and nobody knows what AfterShip did.
    pub(crate) fn leaves_open(&self) -> bool {
        matches!(self, Self::Unanswered(error) if matches!(error.code.as_str(), "timeout" | "closed"))
    }

    /// AfterShip already tracks the shipment.
    pub(crate) fn is_existing(&self) -> bool {
        matches!(self, Self::Answered { meta_code: Some(EXISTS), .. })
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Unanswered(error) => error.into(),
            Problem::Answered { error, .. } => *error,
        }
    }
}

/// Accepts answers that say that they are a success, both in the HTTP status and in `meta.code`.
pub(crate) fn check(response: &Response) -> Result<(), Problem> {
    // A body without the wrapper is told by its status alone.
    let meta = response.json::<Envelope>().ok().and_then(|envelope| envelope.meta).unwrap_or_default();
    let meta_code = meta.code();
    match (response.status, meta_code) {
        (200..300, Some(200..300)) => Ok(()),
        _ => Err(Problem::Answered { meta_code, error: Box::new(meaning(response, &meta)) }),
    }
}

/// A list that does not have what was looked for.
pub(crate) fn not_found(response: &Response) -> Error {
    let details = Details { http_status: response.status, meta_code: None, meta_type: None };
    Error::invalid("tracking-not-found", "AfterShip tracks no shipment with this number").details(&details)
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    meta: Option<Meta<'a>>,
}

#[derive(Default, Deserialize)]
struct Meta<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    code: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    message: Option<Cow<'a, str>>,
    #[serde(default, borrow, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
}

impl Meta<'_> {
    /// A number, or the digits of one as text.
    fn code(&self) -> Option<u32> {
        self.code.as_deref()?.parse().ok()
    }
}

/// What the problem document shows.
#[derive(Serialize)]
struct Details {
    http_status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_type: Option<String>,
}

fn meaning(response: &Response, meta: &Meta<'_>) -> Error {
    let meta_code = meta.code();
    let error = match (response.status, meta_code) {
        (401 | 403, _) | (_, Some(401 | 403)) => {
            response.unauthorized("the key is not accepted, or the plan has no tracking access")
        }
        (429, _) | (_, Some(429)) => response.rate_limited(pause(response)),
        (500.., _) | (_, Some(500..600)) => response.unavailable(),
        (200..300 | 400..500, Some(code @ (400..500 | 4000..5000))) => refusal(code, meta),
        (200..300, None) => response.protocol("it has no meta.code"),
        _ => response.protocol("status and meta.code are not what AfterShip documents"),
    };
    let meta_type = meta.kind.as_deref().map(http::excerpt);
    error.details(&Details { http_status: response.status, meta_code, meta_type })
}

fn refusal(meta_code: u32, meta: &Meta<'_>) -> Error {
    let (code, what) = match meta_code {
        EXISTS => ("tracking-exists", "AfterShip already tracks this shipment"),
        4004 => ("tracking-not-found", "AfterShip tracks no such shipment"),
        4005 | 4007 | 4017 => ("tracking-number-invalid", "AfterShip does not accept the tracking number"),
        4010 | 4012 => ("courier-unknown", "AfterShip does not know the courier"),
        4011 => ("courier-needs-fields", "the courier needs further fields"),
        _ => ("request-refused", "AfterShip refuses the request"),
    };
    match meta.message.as_deref().map(http::excerpt).filter(|said| !said.is_empty()) {
        Some(said) => Error::invalid(code, format!("{what} ({meta_code}): {said}")),
        None => Error::invalid(code, format!("{what} ({meta_code})")),
    }
}

/// Until the second that `x-ratelimit-reset` names (since 1970); what `retry-after` says where that is missing.
fn pause(response: &Response) -> Option<Duration> {
    let reset = response.header("x-ratelimit-reset").and_then(|seconds| seconds.trim().parse::<i64>().ok());
    let pause = match reset {
        Some(reset) => Duration::from_secs(u64::try_from(reset).unwrap_or(0)).saturating_sub(time::now()),
        None => response.retry_after()?,
    };
    Some(pause.min(PAUSE_MAX))
}
