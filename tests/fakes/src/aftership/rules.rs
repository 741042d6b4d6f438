//! Which requests AfterShip accepts.

use serde_json::{Map, Value};

use super::version::Version;

/// A courier that takes no number without `tracking_key`; its name is the fake's own.
pub(super) const KEYED_COURIER: &str = "keyed-courier";
/// Numbers that begin like this belong to no courier that can be detected; the fake's own rule.
const UNDETECTABLE_PREFIX: &str = "XX";

/// The members of the tracking in a body, or the code of the error.
pub(super) fn tracking_of(version: Version, body: &[u8]) -> Result<Map<String, Value>, u32> {
    let body: Value = serde_json::from_slice(body).map_err(|_| 4001_u32)?;
    let Value::Object(mut members) = body else { return Err(4001) };
    if !version.is_wrapped() {
        return Ok(members);
    }
    match members.remove("tracking") {
        Some(Value::Object(tracking)) => Ok(tracking),
        _ => Err(4006),
    }
}

/// The number of a create.
pub(super) fn number(tracking: &Map<String, Value>) -> Result<String, u32> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/');
    match tracking.get("tracking_number") {
        None | Some(Value::Null) => Err(4007),
        Some(Value::String(number)) if number.is_empty() => Err(4007),
        Some(Value::String(number)) if (4..=100).contains(&number.len()) && number.bytes().all(allowed) => {
            Ok(number.clone())
        }
        Some(_) => Err(4005),
    }
}

/// The courier of a create: the one that is named, or the one that the number looks like.
pub(super) fn courier(tracking: &Map<String, Value>, number: &str) -> Result<String, u32> {
    let named = match tracking.get("slug") {
        None | Some(Value::Null) => None,
        Some(Value::String(slug)) if slug.is_empty() => None,
        Some(Value::String(slug))
            if slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') =>
        {
            Some(slug.clone())
        }
        Some(_) => return Err(4010),
    };
    match named {
        Some(slug) if slug == KEYED_COURIER && !tracking.contains_key("tracking_key") => Err(4011),
        Some(slug) => Ok(slug),
        None if number.starts_with(UNDETECTABLE_PREFIX) => Err(4012),
        None if number.starts_with("LX") => Ok("la-poste-colissimo".to_owned()),
        None => Ok("dhl".to_owned()),
    }
}

/// An object of strings. Newer versions refuse everything else, older ones read it as nothing.
pub(super) fn custom_fields(version: Version, tracking: &Map<String, Value>) -> Result<Option<Value>, u32> {
    match tracking.get("custom_fields") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Value::Null)),
        Some(Value::Object(fields)) if fields.values().all(Value::is_string) => Ok(Some(Value::Object(fields.clone()))),
        Some(_) if version.is_strict() => Err(4008),
        Some(_) => Ok(None),
    }
}

/// An id may have up to 128 characters; the fake's are of this alphabet.
pub(super) fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
