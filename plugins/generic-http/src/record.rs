//! What `test` and `run` say of a request.

use hookyard_sdk::http::Response;
use hookyard_sdk::{Error, Output, RawValue};
use schemars::JsonSchema;
use serde::Serialize;

use crate::build::Built;
use crate::config::Config;
use crate::decode;
use crate::failure::Failure;
use crate::judge::{Branch, Judge, Message, Verdict};
use crate::nullable::Nullable;
use crate::send::Exchange;

/// Bytes of an answer that are shown.
const SHOWN_BYTES_MAX: usize = 256 * 1024;
/// Bytes of an output that the host takes.
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// A request, its answer, and what became of it. Secrets are `•••`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Record {
    /// Whether `branch` is `success`.
    pub(crate) ok: bool,
    /// Which way a flow goes on.
    pub(crate) branch: Branch,
    /// The HTTP status; `null` where there was no answer.
    pub(crate) status_code: Nullable<u16>,
    /// The headers of the answer.
    pub(crate) headers: Vec<(String, String)>,
    /// The body of the answer; `null` when there is none.
    pub(crate) body: Nullable<ShownBody>,
    /// Milliseconds that it took, repetitions included.
    pub(crate) duration_ms: u64,
    /// How often the request was sent.
    pub(crate) attempts: u32,
    /// What was sent; `null` where the fields' values made no request.
    pub(crate) request_preview: Nullable<RequestPreview>,
    /// The message; `null` where there is no template for the branch.
    pub(crate) message: Nullable<Message>,
    /// What is odd.
    pub(crate) warnings: Vec<&'static str>,
    /// Why there is no usable answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failure>,
}

/// A body of an answer.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ShownBody {
    /// Whether it is JSON.
    pub(crate) json: bool,
    /// The body, if it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The body, if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base64: Option<String>,
    /// It is longer than what is shown.
    pub(crate) truncated: bool,
}

/// A request as it was sent.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RequestPreview {
    /// The method.
    pub(crate) method: &'static str,
    /// The URL.
    pub(crate) url: String,
    /// The headers; names are lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body; `null` when there is none.
    pub(crate) body: Nullable<String>,
}

impl RequestPreview {
    /// What is built, as it may be shown.
    pub(crate) fn of(built: &Built, config: &Config) -> Self {
        let shown = |(name, value): &(String, String)| (name.clone(), config.redacted(value));
        let mut headers: Vec<_> = built.headers.iter().map(shown).collect();
        if let Some(authorization) = &built.authorization {
            headers.push(("authorization".to_owned(), authorization.shown().to_owned()));
        }
        Self {
            method: built.method.name(),
            url: config.redacted(&built.url),
            headers,
            body: Nullable(built.body.as_deref().map(|body| config.redacted(body))),
        }
    }
}

impl Record {
    /// What came of a request that was sent, and the JSON of its answer.
    pub(crate) fn of(
        built: &Built,
        config: &Config,
        judge: &Judge<'_>,
        exchange: Exchange,
    ) -> (Self, Option<Box<RawValue>>) {
        let Exchange { answer, attempts, duration_ms } = exchange;
        let (status, headers, body, json, verdict) = match answer {
            Ok(response) => {
                let content_type = response.header("content-type");
                let text = decode::text(&response.body, content_type, response.truncated);
                let json = text.as_deref().filter(|_| !response.truncated).and_then(decode::as_json);
                let verdict = judge.answered(response.status, response.header("location").is_some(), json);
                let (json, body) = (json.map(ToOwned::to_owned), shown(&response, text.as_deref(), json.is_some()));
                (Some(response.status), response.headers, body, json, verdict)
            }
            Err(error) => (None, Vec::new(), None, None, judge.failed(Failure::from(&error))),
        };
        let Verdict { branch, failure, message } = verdict;
        let record = Self {
            ok: branch == Branch::Success,
            branch,
            status_code: Nullable(status),
            headers,
            body: Nullable(body),
            duration_ms,
            attempts,
            request_preview: Nullable(Some(RequestPreview::of(built, config))),
            message: Nullable(message),
            warnings: built.warnings.clone(),
            error: failure,
        };
        (record, json)
    }

    /// The record as an output. Characters that JSON escapes can make it larger than outputs may be; then less of the answer is
    /// shown, since the request was sent and nobody would know what became of it.
    pub(crate) fn output(mut self) -> Result<Output, Error> {
        let excess = json_bytes(&self)?.saturating_sub(OUTPUT_BYTES_MAX);
        if let (1.., Some(body)) = (excess, &mut self.body.0) {
            body.shorten(excess);
        }
        Output::new(&self)
    }

    /// Where nothing was sent, because values of the call do not fit.
    pub(crate) fn unbuilt(judge: &Judge<'_>, failure: Failure) -> Self {
        let Verdict { branch, failure, message } = judge.failed(failure);
        Self {
            ok: false,
            branch,
            status_code: Nullable(None),
            headers: Vec::new(),
            body: Nullable(None),
            duration_ms: 0,
            attempts: 0,
            request_preview: Nullable(None),
            message: Nullable(message),
            warnings: Vec::new(),
            error: failure,
        }
    }
}

impl ShownBody {
    /// Cuts off what makes this many bytes of JSON, and of base64 whole groups.
    fn shorten(&mut self, bytes: usize) {
        if let Some(text) = &mut self.text {
            let mut cut = 0;
            while cut < bytes
                && let Some(last) = text.pop()
            {
                cut += escaped_bytes(last);
            }
        }
        if let Some(base64) = &mut self.base64 {
            base64.truncate(base64.len().saturating_sub(bytes) / 4 * 4);
        }
        self.truncated = true;
    }
}

/// Bytes of the value as JSON.
pub(crate) fn json_bytes(value: &impl Serialize) -> Result<usize, Error> {
    let json = serde_json::to_string(value).map_err(|error| Error::failed("invalid-output", error.to_string()))?;
    Ok(json.len())
}

/// Bytes of the character in a JSON string.
fn escaped_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
}

fn shown(response: &Response, text: Option<&str>, json: bool) -> Option<ShownBody> {
    if response.body.is_empty() {
        return None;
    }
    let (text, base64, is_cut) = match text {
        Some(text) => {
            let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
            (Some(text[..end].to_owned()), None, end < text.len())
        }
        None => {
            let end = response.body.len().min(SHOWN_BYTES_MAX);
            (None, Some(decode::base64(&response.body[..end])), end < response.body.len())
        }
    };
    Some(ShownBody { json, text, base64, truncated: is_cut || response.truncated })
}
