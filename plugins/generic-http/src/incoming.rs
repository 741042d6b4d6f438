//! Webhooks: whatever comes in, as the operator's rules let it, becomes an event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hookyard_reply_template::{element, member};
use hookyard_sdk::manifest::{EventKind, Manifest, WebhookRules};
use hookyard_sdk::{Error, Event, RawValue, Webhook, lenient, log};
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::{Config, Incoming};
use crate::decode;

const RECEIVED: &str = "webhook.received";
/// Characters of a subject.
const SUBJECT_CHARS_MAX: usize = 256;

/// A webhook as it came in.
#[derive(Debug, Serialize, JsonSchema)]
struct Received<'a> {
    /// `POST`, `GET`, …
    method: &'a str,
    /// What follows the webhook URL; empty or starting with `/`.
    path: &'a str,
    /// Without the `?`.
    query: &'a str,
    /// The headers that the config names, in lower case, each with all its values.
    headers: BTreeMap<&'a str, Vec<&'a str>>,
    /// What the body is said to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    /// The body, if it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<&'a RawValue>,
    /// The body, if it is another text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    /// The body, if it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// The webhooks' part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest
        .webhook(WebhookRules::from_config("/incoming"))
        .event(EventKind::new::<Received<'_>>(RECEIVED).title("A webhook has come in"))
}

/// Emits the event of a webhook.
pub(crate) fn handle(config: &Config, webhook: &Webhook) -> Result<(), Error> {
    let Some(incoming) = &config.incoming else {
        return Err(Error::failed("incoming-missing", "the config has no `incoming`"));
    };
    let content_type = webhook.header("content-type");
    let text = decode::text(&webhook.body, content_type, false);
    let json = text.as_deref().filter(|text| may_be_json(text, content_type)).and_then(decode::as_json);
    let received = Received {
        method: &webhook.method,
        path: &webhook.path,
        query: &webhook.query,
        headers: kept_headers(incoming, webhook),
        content_type,
        json,
        text: text.clone().filter(|_| json.is_none()),
        base64: text.is_none().then(|| decode::base64(&webhook.body)),
    };
    let subject = incoming.subject.as_deref().and_then(|pointer| subject(json?, pointer));
    Ok(Event::new(RECEIVED).subject(subject).emit(&received)?)
}

/// A number alone is JSON as well; it counts as such only where the content type says so.
fn may_be_json(text: &str, content_type: Option<&str>) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json") || text.trim_start().starts_with(['{', '['])
}

fn kept_headers<'a>(incoming: &Incoming, webhook: &'a Webhook) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut kept: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &webhook.headers {
        if incoming.headers.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)) {
            kept.entry(name).or_default().push(value);
        }
    }
    kept
}

/// The string or the number at the pointer.
fn subject(json: &RawValue, pointer: &str) -> Option<String> {
    let steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let value = steps.into_iter().try_fold(json, |here, step| {
        let position = step.parse().ok().filter(|position: &usize| position.to_string() == step);
        member(here, &step).or_else(|| element(here, position?))
    })?;
    let subject = lenient::id(value).ok().flatten()?;
    let fits =
        !subject.is_empty() && subject.chars().count() <= SUBJECT_CHARS_MAX && !subject.contains(char::is_control);
    if !fits {
        log::warn(format_args!("what stands at {pointer} cannot be a subject"));
    }
    fits.then(|| subject.into_owned())
}
