//! What Selarti's answers mean.
//!
//! What the call answers is not public. The URLs of Selarti's other calls (`/api/1.1/wf/…`) look like those of Bubble's Workflow API,
//! where a success is `{"status": "success", "response": {…}}` and an error `{"statusCode": 400, "body": {"status": "…", "message":
//! "…"}}`. Both are understood, and any other success is one.

use std::borrow::Cow;

use hookyard_sdk::http::{self, Response};
use hookyard_sdk::{Error, RawValue, json, lenient};
use serde::{Deserialize, Serialize};

/// The code of a message that Selarti does not take.
const REFUSED: &str = "provider-refused";

/// What an answer says of itself.
#[derive(Default, Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    message: Option<Cow<'a, str>>,
    #[serde(default, borrow, rename = "statusCode", deserialize_with = "lenient::id")]
    status_code: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    body: Option<Said<'a>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    message: Option<Cow<'a, str>>,
}

/// What the problem document shows.
#[derive(Serialize)]
struct Details<'a> {
    http_status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
}

/// The body of an answer that says that the message was taken: JSON as it is, or a text; nothing if it is empty, or longer than
/// what is read.
pub(super) fn accepted(response: &Response) -> Result<Option<Box<RawValue>>, Error> {
    let document = document(response);
    // The shape takes any object; a member that occurs twice makes it say nothing.
    let envelope: Envelope<'_> = document
        .filter(|document| document.get().starts_with('{'))
        .and_then(|document| json::parse(document.get().as_bytes()).ok())
        .unwrap_or_default();
    let stated = envelope.status_code.as_deref().and_then(|code| code.parse::<u16>().ok()).filter(|code| *code >= 400);
    match (response.status, stated) {
        (401 | 403, _) | (200..300, Some(401 | 403)) => {
            Err(response.unauthorized("Selarti does not accept the credentials: check the connection's `auth`"))
        }
        (429, _) | (200..300, Some(429)) => Err(response.rate_limited(response.retry_after())),
        (500.., _) => Err(response.unavailable()),
        (200..300, Some(_)) => Err(refused(response, &envelope)),
        (200..300, None) if envelope.says_error() => Err(refused(response, &envelope)),
        (200..300, None) if is_page(response) => {
            Err(response.protocol("that is a page and no answer of an API: check `send_url`"))
        }
        (200..300, None) => shown(response, document),
        (400..500, _) if envelope.says_anything() => Err(refused(response, &envelope)),
        (404 | 405, _) => Err(response.protocol("there is no such call: check `send_url` and `send_method`")),
        _ => Err(response.protocol("no success, and it does not say why")),
    }
}

impl Envelope<'_> {
    fn says_error(&self) -> bool {
        self.status.as_deref().is_some_and(|status| {
            let status = status.trim().to_ascii_lowercase();
            status == "error" || status.starts_with("fail")
        })
    }

    fn says_anything(&self) -> bool {
        self.status.is_some() || self.message.is_some() || self.status_code.is_some()
    }
}

fn refused(response: &Response, envelope: &Envelope<'_>) -> Error {
    let within = envelope.body.as_ref();
    let message = within.and_then(|body| body.message.as_deref()).or(envelope.message.as_deref());
    let status = within.and_then(|body| body.status.as_deref()).or(envelope.status.as_deref()).map(http::excerpt);
    let status = status.filter(|status| !status.is_empty());
    let said = message.map(http::excerpt).filter(|said| !said.is_empty()).or_else(|| status.clone());
    let sentence = match said {
        Some(said) => format!("Selarti does not take the message: {said}"),
        None => "Selarti does not take the message".to_owned(),
    };
    Error::failed(REFUSED, sentence).details(&Details { http_status: response.status, status: status.as_deref() })
}

/// The body as JSON, if it is that.
fn document(response: &Response) -> Option<&RawValue> {
    if response.truncated { None } else { json::parse(&response.body).ok() }
}

fn shown(response: &Response, document: Option<&RawValue>) -> Result<Option<Box<RawValue>>, Error> {
    if let Some(document) = document {
        return Ok(Some(document.to_owned()));
    }
    let text = std::str::from_utf8(&response.body).unwrap_or_default().trim();
    if text.is_empty() || response.truncated {
        return Ok(None);
    }
    let quoted = json::to_vec(&text)?;
    json::parse::<&RawValue>(&quoted).map(|json| Some(json.to_owned()))
}

/// A proxy's or the server's page for people, not an answer. The content type does not tell: many servers call whatever they answer
/// `text/html`, also JSON, `OK` and nothing at all.
fn is_page(response: &Response) -> bool {
    let body = response.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&response.body);
    body.trim_ascii_start().starts_with(b"<")
}
