//! The action `run`: a request of the config, with an event for the next step of a flow.

use hookyard_sdk::{Error, Event, Output, RawValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::judge::Branch;
use crate::nullable::Nullable;

pub(super) const SUCCEEDED: &str = "request.succeeded";
pub(super) const FAILED: &str = "request.failed";
/// Bytes of `context`.
const CONTEXT_BYTES_MAX: usize = 16 * 1024;
/// Bytes of an answer that an event brings along.
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// A request to run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The name of a request in the config.
    request: String,
    /// Values of fields.
    #[serde(default)]
    fields: Fields,
    /// What it is about, for example a conversation: the event's `subject`.
    #[schemars(length(min = 1, max = 256))]
    subject: Option<String>,
    /// Any JSON of at most 16 KiB, which the event brings along.
    context: Option<Box<RawValue>>,
}

/// What came of a request.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Outcome<'a> {
    /// The request's name.
    request: &'a str,
    /// The HTTP status; `null` where there was no answer.
    status_code: Nullable<u16>,
    /// Which way a flow goes on.
    branch: Branch,
    /// The message; `null` where there is no template for the branch.
    message: Nullable<&'a str>,
    /// The body of the answer, if it is JSON of at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a RawValue>,
    /// Why there is no usable answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Failure>,
    /// What the call brought along.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a RawValue>,
}

pub(super) fn run(config: &Config, input: &Input) -> Result<Output, Error> {
    let context = input.context.as_deref();
    if context.is_some_and(|context| context.get().len() > CONTEXT_BYTES_MAX) {
        let message = format!("the context has more than {CONTEXT_BYTES_MAX} bytes");
        return Err(Error::invalid("context-too-large", message));
    }
    // No event can have such a subject, which must not come out once the request was sent.
    if input.subject.as_ref().is_some_and(|subject| subject.contains(char::is_control)) {
        return Err(Error::invalid("subject-invalid", "the subject holds a control character"));
    }
    let (record, json) = super::perform(config, super::named(config, &input.request)?, &input.fields)?;
    let kind = match record.branch {
        Branch::Success => SUCCEEDED,
        Branch::Error => FAILED,
    };
    let outcome = Outcome {
        request: &input.request,
        status_code: Nullable(record.status_code.0),
        branch: record.branch,
        message: Nullable(record.message.0.as_ref().map(|message| message.text.as_str())),
        response: json.as_deref().filter(|json| json.get().len() <= RESPONSE_BYTES_MAX),
        error: record.error.as_ref(),
        context,
    };
    Event::new(kind).subject(input.subject.clone()).emit(&outcome)?;
    record.output()
}
