//! `headers` of an endpoint: what the operator adds to each delivery.

use hookyard_domain::{limit, schema};
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::HeaderValues;
use super::members::Members;

/// What the host sets itself, or HTTP does.
const OF_THE_HOST: [&str; 16] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// How the names of the headers begin that Standard Webhooks has.
const STANDARD_WEBHOOKS: &str = "webhook-";

/// Names in lower case, and values.
pub(super) fn read(mut members: Members<'_>) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in members.entries() {
        let escaped = schema::escape(name);
        match header(name, value) {
            Ok((name, _)) if headers.iter().any(|(known, _)| *known == name) => {
                members.wrong(&escaped, "repeated", format!("{name} is given more than once"));
            }
            Ok(header) => headers.push(header),
            Err(why) => members.wrong(&escaped, "invalid", why),
        }
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let (most, most_bytes) = (limit::ENDPOINT_HEADERS_MAX, limit::ENDPOINT_HEADERS_BYTES_MAX);
    if headers.len() > most || bytes > most_bytes {
        members.wrong_here("too-many", format!("an endpoint has at most {most} headers of {most_bytes} bytes in all"));
    }
    headers
}

/// The error never holds the value.
fn header(name: &str, value: &Value) -> Result<(String, String), String> {
    let parsed =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is not the name of a header"))?;
    let name = parsed.as_str();
    if OF_THE_HOST.contains(&name) || name.starts_with(STANDARD_WEBHOOKS) {
        return Err(format!("the host sets {name} itself"));
    }
    if *value == kept_value() {
        return Err(format!("there is no value of {name} that could stay; give it"));
    }
    let value = value.as_str().ok_or_else(|| format!("the value of {name} is not a text"))?;
    let is_visible = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_visible || value.trim() != value || HeaderValue::from_str(value).is_err() {
        return Err(format!("the value of {name} is not visible ASCII without blanks around it"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// How a value reads that is there and not shown.
fn kept_value() -> Value {
    json!({ "set": true })
}

/// As a document has them.
pub(super) fn write(headers: &[(String, String)], values: HeaderValues) -> Value {
    let value = |value: &String| match values {
        HeaderValues::Plain => json!(value),
        HeaderValues::Redacted => kept_value(),
    };
    Value::Object(headers.iter().map(|(name, text)| (name.clone(), value(text))).collect())
}

/// The endpoint without the values of its headers: what a patch does not give anew is found wrong then.
pub(super) fn withheld(endpoint: &Map<String, Value>) -> Map<String, Value> {
    let mut endpoint = endpoint.clone();
    if let Some(Value::Object(headers)) = endpoint.get_mut("headers") {
        headers.values_mut().for_each(|value| *value = kept_value());
    }
    endpoint
}

/// Puts the values of `before` into `after`, a patch of the same endpoint, where that says `{"set": true}`, and has the patch use the
/// names that there are: those of headers are the same in any case.
pub(super) fn keep(after: &mut Map<String, Value>, before: &Map<String, Value>) {
    let (Some(Value::Object(headers)), Some(Value::Object(known))) = (after.get_mut("headers"), before.get("headers"))
    else {
        return;
    };
    let patch = std::mem::take(headers);
    for (name, value) in patch {
        let lower = name.to_ascii_lowercase();
        let is_kept = value == kept_value();
        match known.get(&lower) {
            Some(stored) if is_kept => headers.insert(lower, stored.clone()),
            Some(_) => headers.insert(lower, value),
            None => headers.insert(name, value),
        };
    }
}
