//! What the answer of a token endpoint says.

use std::time::Duration;

use serde_json::Value;

use crate::limit;
use crate::secret::Secret;

/// What an answer gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenAnswer {
    /// The token: visible ASCII, not empty.
    pub token: Secret,
    /// For how long it is good; `None`: until it is refused.
    pub expires_in: Option<Duration>,
    /// A refresh token for the next time.
    pub refresh_token: Option<Secret>,
}

impl TokenAnswer {
    /// What an answer says to be wrong, in the words of OAuth 2.0 (RFC 6749, section 5.2): `error` and `error_description`, where
    /// they are texts. Not redacted, not cut.
    pub fn error_of(body: &[u8]) -> Option<String> {
        let answer: Value = serde_json::from_slice(body).ok()?;
        let text = |member: &str| answer.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        match (text("error"), text("error_description")) {
            (Some(error), Some(description)) => Some(format!("{error}: {description}")),
            (error, description) => error.or(description).map(str::to_owned),
        }
    }
}

/// Reads an answer with a status of success.
pub(super) fn read(
    body: &[u8],
    token: &str,
    expires_in: Option<&str>,
    refresh_token: Option<&str>,
) -> Result<TokenAnswer, &'static str> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| "the answer is not JSON")?;
    if answer.get("error").and_then(Value::as_str).is_some_and(|error| !error.is_empty()) {
        return Err("the answer says that something is wrong");
    }
    let token = match answer.pointer(token) {
        None | Some(Value::Null) => return Err("the answer holds no token"),
        Some(Value::String(text)) => sendable(text).ok_or("the token of the answer cannot be sent")?,
        Some(_) => return Err("the token of the answer is not a text"),
    };
    let expires_in = expires_in.and_then(|pointer| seconds(answer.pointer(pointer)?));
    let refresh_token = refresh_token.and_then(|pointer| answer.pointer(pointer)?.as_str()).and_then(usable);
    Ok(TokenAnswer { token, expires_in, refresh_token })
}

/// What can stand in the value of a header.
fn sendable(text: &str) -> Option<Secret> {
    usable(text).filter(|_| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '))
}

fn usable(text: &str) -> Option<Secret> {
    (!text.is_empty() && text.len() <= limit::TOKEN_BYTES_MAX).then(|| Secret::new(text))
}

/// A number or its digits; anything else says nothing.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().map(|seconds| seconds.max(0.0) as u64)),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    };
    seconds.map(|seconds: u64| Duration::from_secs(seconds).min(limit::TOKEN_LIFETIME_MAX))
}
