//! What a plugin returns when it cannot do what was asked, and what the host refuses.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::{RawValue, Setup};

/// What the host does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The input is wrong and will be wrong again. Nothing is kept. Webhook 400, action 422, timer parked as failed.
    Invalid,
    /// The provider refused the credentials. The connection turns unhealthy; webhooks and timers are kept and wait for the next
    /// successful `activate` (a plugin without `lifecycle`: they are retried like `Unavailable`). Webhook 202, action 502.
    Unauthorized,
    /// The provider is busy or down. Kept and retried with backoff, not before `retry_after_ms`. Webhook 202, action 503. Webhooks
    /// and timers that end in a panic, at a deadline or at a limit are treated alike; an action is answered 500 or 504 then.
    Unavailable,
    /// Anything else that will not get better by itself. Kept as failed, not retried by itself, replayable. Webhook 202, action
    /// 502, timer parked as failed.
    Failed,
}

/// Why an invocation did not succeed. Nothing that it did takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What the host does next.
    pub kind: ErrorKind,
    /// A stable machine-readable word, for example `tracking-not-found`.
    pub code: String,
    /// One sentence for a person. Never a secret.
    pub message: String,
    /// With [`ErrorKind::Unavailable`]: do not try again before so many milliseconds have passed.
    pub retry_after_ms: Option<u32>,
    /// A JSON object whose members join the problem document.
    pub details: Option<String>,
}

impl Error {
    /// An [`ErrorKind::Invalid`].
    pub fn invalid(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, code, message)
    }

    /// An [`ErrorKind::Unauthorized`].
    pub fn unauthorized(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthorized, code, message)
    }

    /// An [`ErrorKind::Unavailable`].
    pub fn unavailable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, code, message)
    }

    /// An [`ErrorKind::Failed`].
    pub fn failed(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, code, message)
    }

    fn new(kind: ErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), retry_after_ms: None, details: None }
    }

    /// Not before `delay` has passed (at most 49 days).
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after_ms = Some(u32::try_from(delay.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Members that join the problem document, for example `{"errors": [{"pointer": "/phone", …}]}`. `details` must serialise
    /// to a JSON object; anything else is left out. Members of earlier calls stay, unless they have the same name.
    #[must_use]
    pub fn details(mut self, details: &impl Serialize) -> Self {
        if let Some(more) = serde_json::to_string(details).ok().filter(|json| json.starts_with('{')) {
            self.details = Some(match self.details.take() {
                Some(present) => joined(&present, &more).unwrap_or(more),
                None => more,
            });
        }
        self
    }

    /// What is left to do by hand, for an error of [`Plugin::activate`](crate::Plugin::activate): the host shows the steps with
    /// the connection, as it does those of a success. An operator whose key is refused needs them all the more.
    #[must_use]
    pub fn with_setup(self, setup: &Setup) -> Self {
        self.details(setup)
    }
}

/// The members of two objects; those of the second count.
fn joined(present: &str, more: &str) -> Option<String> {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(present).ok()?;
    members.extend(serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(more).ok()?);
    serde_json::to_string(&members).ok()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

/// Why the host refused a call: `denied`, `invalid`, `too-large`, `too-many`, `unsupported`; more words may come. `?` turns it
/// into an [`ErrorKind::Failed`] with the same code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What programs test.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { code: "invalid".to_owned(), message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::failed(refusal.code, refusal.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn details(error: &Error) -> Value {
        error.details.as_deref().map_or(Value::Null, |details| serde_json::from_str(details).expect("JSON"))
    }

    #[test]
    fn details_add_up_and_the_last_of_a_name_counts() {
        let error = Error::failed("c", "m").details(&json!({ "a": 1, "b": 1.5 })).details(&json!({ "b": 2, "c": 3 }));
        assert_eq!(details(&error), json!({ "a": 1, "b": 2, "c": 3 }));
        assert_eq!(details(&error.details(&json!(["no object"]))), json!({ "a": 1, "b": 2, "c": 3 }));
        assert_eq!(Error::failed("c", "m").details(&7).details, None);
    }

    #[test]
    fn an_error_of_activate_carries_the_steps_beside_its_details() {
        let setup = Setup::default().step("Copy the key.").step("Save.");
        let expected = json!({ "http_status": 401, "setup": ["Copy the key.", "Save."] });
        let status = json!({ "http_status": 401 });
        assert_eq!(details(&Error::unauthorized("c", "m").details(&status).with_setup(&setup)), expected);
        assert_eq!(details(&Error::unauthorized("c", "m").with_setup(&setup).details(&status)), expected);
    }
}
