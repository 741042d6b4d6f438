//! Feedbot's two calls. The host adds the header `auth` to both.

mod answer;
mod tolerant;

use std::time::Duration;

use hookyard_sdk::http::{self, Request, Response, percent, send_all};
use hookyard_sdk::{Error, log};
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Config;
use crate::queue::Queued;
use answer::Answer;

/// Milliseconds for one call. A cold start of what runs behind these URLs takes several seconds.
pub(crate) const TIMEOUT_MS: u32 = 30_000;
/// Time for an action: one such call.
pub(crate) const ACTION_TIMEOUT: Duration = Duration::from_secs(45);
/// Bytes of an answer with ids that are read: 500 ids of 20 characters have some 12 KiB.
const IDS_BYTES_MAX: u32 = 256 * 1024;
/// Bytes of an answer with a status that are read.
const STATUS_BYTES_MAX: u32 = 16 * 1024;

/// What Feedbot says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    /// -1, 0 or 1; nothing, if it is none of them.
    pub(crate) number: Option<i8>,
    /// Why it failed.
    pub(crate) reason: Option<String>,
}

/// What that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It was not sent and will not be.
    Failed,
    /// It waits for the Feedbot program.
    Pending,
    /// It was sent. Whether it arrived is not known.
    Sent,
    /// Nobody knows.
    Unknown,
}

impl Status {
    /// What the number means.
    pub(crate) fn state(&self) -> State {
        match self.number {
            Some(-1) => State::Failed,
            Some(0) => State::Pending,
            Some(1) => State::Sent,
            Some(_) | None => State::Unknown,
        }
    }
}

/// Queues messages, and gives Feedbot's ids of them: one at least, as a rule one for each in their order. A call that was not answered may
/// have queued them: it is `outcome-unknown`.
pub(crate) fn queue(config: &Config, messages: &[Queued<'_>]) -> Result<Vec<String>, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        messages: &'a [Queued<'a>],
    }
    let request = Request::post(config.send_url.as_str()).json(&Body { messages }).max_body_bytes(IDS_BYTES_MAX);
    let response = with_bounds(request).send()?;
    let ids = Answer::accepted(&response)?.ids();
    if ids.is_empty() {
        return Err(response.protocol("a success without ids"));
    }
    Ok(ids)
}

/// Asks what became of a message.
pub(crate) fn status(config: &Config, id: &str) -> Result<Status, Error> {
    read_status(status_request(config, id).send())
}

/// The same of several, a few at a time; in their order.
pub(crate) fn statuses<'a>(config: &Config, ids: impl Iterator<Item = &'a str>) -> Vec<Result<Status, Error>> {
    send_all(ids.map(|id| status_request(config, id)).collect()).into_iter().map(read_status).collect()
}

fn status_request(config: &Config, id: &str) -> Request {
    let url = &config.status_url;
    let separator = if url.contains('?') { '&' } else { '?' };
    with_bounds(Request::get(format!("{url}{separator}id={}", percent(id))).max_body_bytes(STATUS_BYTES_MAX))
}

fn read_status(answered: Result<Response, http::Error>) -> Result<Status, Error> {
    let response = answered?;
    let answer = Answer::accepted(&response)?;
    let status = answer.status();
    if status.state() == State::Unknown {
        log::warn(format_args!("Feedbot gave a status that is not documented: {}", answer.status_as_written()));
    }
    Ok(status)
}

fn with_bounds(request: Request) -> Request {
    request.header("accept", "application/json").timeout_ms(TIMEOUT_MS)
}
