//! An attempt at a URL: a signed POST by Standard Webhooks, with the CloudEvent for a body.

use hookyard_capability::{EndpointAnswer, EndpointRequest};
use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{AttemptOutcome, reason};
use hookyard_domain::limit;
use hookyard_domain::retry_after::retry_after;
use hookyard_domain::signing::SigningKey;
use hookyard_domain::subscription::UrlEndpoint;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::Parts;
use crate::subscriptions::active::Active;
use crate::tail::TailEvent;

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The HTTP media type of one event (CloudEvents 1.0, structured mode).
const CLOUD_EVENT: HeaderValue = HeaderValue::from_static("application/cloudevents+json");

/// Tries once.
pub(super) async fn attempt(
    parts: &Parts,
    subscription: &Active,
    endpoint: &UrlEndpoint,
    event: &TailEvent,
) -> AttemptOutcome {
    let headers = match headers(subscription, endpoint, event, parts.clock.now()) {
        Ok(headers) => headers,
        Err(why) => return failed(None, "not-signed", why),
    };
    let request = EndpointRequest { url: endpoint.url.clone(), headers, body: event.json().clone() };
    match parts.client.post(request).await {
        Ok(answer) => outcome(&answer, parts.clock.now()),
        Err(error) => failed(None, error.code.as_str(), &error.message),
    }
}

/// The host's own headers, and the operator's beside them. Every secret signs that signs now.
fn headers(
    subscription: &Active,
    endpoint: &UrlEndpoint,
    event: &TailEvent,
    now: Timestamp,
) -> Result<HeaderMap, &'static str> {
    let id = event.logged.event.id.to_string();
    let signing = subscription.secrets.iter().filter(|secret| secret.until.is_none_or(|until| now < until));
    let keys = signing.map(|secret| SigningKey::parse(&secret.secret)).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|_| "a secret of the subscription cannot sign")?;
    if keys.is_empty() {
        return Err("the subscription has no secret that signs");
    }
    let signatures: Vec<_> = keys.iter().map(|key| key.sign(&id, now, event.json())).collect();
    let mut headers = HeaderMap::new();
    for (name, value) in &endpoint.headers {
        let (name, value) = (HeaderName::from_bytes(name.as_bytes()).ok(), HeaderValue::from_str(value).ok());
        let (Some(name), Some(mut value)) = (name, value) else { return Err("a header of the subscription is none") };
        value.set_sensitive(true);
        headers.append(name, value);
    }
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| "a header of the host is none");
    headers.insert(CONTENT_TYPE, CLOUD_EVENT);
    headers.insert(WEBHOOK_ID, value(&id)?);
    headers.insert(WEBHOOK_TIMESTAMP, value(&now.as_seconds().to_string())?);
    headers.insert(WEBHOOK_SIGNATURE, value(&signatures.join(" "))?);
    if let Some(traceparent) = &event.logged.event.traceparent {
        headers.insert(TRACEPARENT, value(traceparent)?);
    }
    Ok(headers)
}

/// What an answer means. Only 2xx delivers.
fn outcome(answer: &EndpointAnswer, now: Timestamp) -> AttemptOutcome {
    let EndpointAnswer { status, retry_after: after, location } = answer;
    let (code, message) = match status {
        200..=299 => return AttemptOutcome::Delivered { status: *status },
        410 => return AttemptOutcome::Gone(reason("gone", "the endpoint has answered 410: it takes no more events")),
        300..=399 => ("redirect".to_owned(), redirect(*status, location.as_deref())),
        _ => (format!("http-{status}"), format!("the endpoint has answered {status}")),
    };
    let retry_after = after.as_deref().and_then(|after| retry_after(after, now));
    AttemptOutcome::Failed { status: Some(*status), reason: reason(code, message), retry_after }
}

fn redirect(status: u16, location: Option<&str>) -> String {
    match location {
        Some(to) => {
            // A query may hold what is meant for the client alone.
            let place = to.split(['?', '#']).next().unwrap_or_default();
            let shown = &place[..place.floor_char_boundary(limit::REDIRECT_SHOWN_BYTES_MAX)];
            format!(
                "the endpoint has answered {status} and names {shown:?}; deliveries follow no redirects: set its URL to that"
            )
        }
        None => format!("the endpoint has answered {status}; deliveries follow no redirects"),
    }
}

fn failed(status: Option<u16>, code: &str, message: &str) -> AttemptOutcome {
    AttemptOutcome::Failed { status, reason: reason(code, message), retry_after: None }
}

#[cfg(test)]
mod tests;
