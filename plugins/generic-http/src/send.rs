//! Sending a request, and sending it again where that does no harm.

use std::time::Duration;

use hookyard_sdk::http::{self, Response};
use hookyard_sdk::{Error, time};

use crate::build::Built;
use crate::config::Config;
use crate::definition::Request;

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: u32 = 1024 * 1024;
/// How often a request is sent, if need be.
const ATTEMPTS_MAX: u32 = 3;
/// Milliseconds that have to be left for another attempt.
const ATTEMPT_MS_MIN: u32 = 100;
/// Longest pause that an answer can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// What came of it. The message of an error may be shown: it holds `•••` and no placeholder.
pub(crate) struct Exchange {
    pub(crate) answer: Result<Response, http::Error>,
    pub(crate) attempts: u32,
    pub(crate) duration_ms: u64,
}

/// Sends the request. GET, PUT and DELETE are sent up to twice more where no connection was made or the answer is 429, 502, 503
/// or 504; not if that answer asks for a pause, since an invocation cannot wait.
pub(crate) fn send(request: &Request, built: &Built, config: &Config) -> Exchange {
    let mut exchange = exchange(request, built);
    if let Err(error) = &mut exchange.answer {
        // The host names the URL as it was asked for: with placeholders.
        error.message = config.redacted(&error.message);
    }
    exchange
}

fn exchange(request: &Request, built: &Built) -> Exchange {
    let begun = time::now();
    let elapsed = || u64::try_from(time::now().saturating_sub(begun).as_millis()).unwrap_or(u64::MAX);
    let authorization = match built.authorization.as_ref().map(|authorization| authorization.value()).transpose() {
        Ok(authorization) => authorization,
        Err(refusal) => {
            let answer = Err(http::Error::new(refusal.code, refusal.message));
            return Exchange { answer, attempts: 0, duration_ms: elapsed() };
        }
    };
    let mut attempts = 0;
    loop {
        let left = request.timeout_ms.saturating_sub(u32::try_from(elapsed()).unwrap_or(u32::MAX));
        attempts += 1;
        let answer = outgoing(request, built, authorization.as_deref(), left.max(ATTEMPT_MS_MIN)).send();
        let used = u32::try_from(elapsed()).unwrap_or(u32::MAX);
        let has_time = request.timeout_ms.saturating_sub(used) >= ATTEMPT_MS_MIN;
        if !has_time || attempts == ATTEMPTS_MAX || !request.method.is_idempotent() || !is_worth_another(&answer) {
            return Exchange { answer, attempts, duration_ms: elapsed() };
        }
    }
}

fn outgoing(request: &Request, built: &Built, authorization: Option<&str>, timeout_ms: u32) -> http::Request {
    let mut outgoing = http::Request::new(built.method.name(), &built.url)
        .timeout_ms(timeout_ms)
        .max_redirects(request.redirects_max)
        .max_body_bytes(ANSWER_BYTES_MAX);
    outgoing.headers.clone_from(&built.headers);
    if let Some(authorization) = authorization {
        outgoing = outgoing.header("authorization", authorization);
    }
    match &built.body {
        Some(body) => outgoing.body(body.as_bytes()),
        None => outgoing,
    }
}

fn is_worth_another(answer: &Result<Response, http::Error>) -> bool {
    match answer {
        Ok(response) => is_busy(response.status) && response.retry_after().is_none_or(|pause| pause.is_zero()),
        Err(error) => is_unconnected(error),
    }
}

/// What passes by itself, as far as a status can tell.
fn is_busy(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// Nothing was sent, because no connection was made.
fn is_unconnected(error: &http::Error) -> bool {
    matches!(error.code.as_str(), "dns" | "connect" | "tls" | "token-unavailable")
}

/// The error `unavailable` for what a request with `retry_later` is tried again for.
pub(crate) fn later(answer: &Result<Response, http::Error>) -> Option<Error> {
    match answer {
        Ok(response) if is_busy(response.status) => {
            let wait = response.retry_after().map(|pause| pause.min(RETRY_AFTER_MAX));
            let limited = response.rate_limited(wait);
            Some(match response.status {
                429 => limited,
                status => Error {
                    code: http::UNAVAILABLE.to_owned(),
                    message: format!("the provider answered {status}"),
                    ..limited
                },
            })
        }
        Err(error) if is_unconnected(error) => Some(error.clone().into()),
        _ => None,
    }
}
