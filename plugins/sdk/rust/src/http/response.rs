//! An answer, and the errors that it can mean.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{EXCERPT_BYTES_MAX, OUTCOME_UNKNOWN, PROTOCOL, RATE_LIMITED, UNAUTHORIZED, UNAVAILABLE};
use crate::{Error, json, time};

/// What the provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status, whatever it is.
    pub status: u16,
    /// Names are lower case; repeated names are repeated entries.
    pub headers: Vec<(String, String)>,
    /// The body, not decompressed; cut at the bound of the request or of the host.
    pub body: Vec<u8>,
    /// The body was cut.
    pub truncated: bool,
    pub(super) repeatable: bool,
}

/// What the errors below carry as `details`.
#[derive(Serialize)]
struct Details {
    http_status: u16,
}

/// For a provider in a test.
impl Response {
    /// An answer without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), truncated: false, repeatable: false }
    }

    /// With one more header; the name in lower case.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With this JSON as its body.
    ///
    /// # Panics
    ///
    /// If it does not serialise.
    #[must_use]
    pub fn with_json(self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("the body serialises");
        self.with_header("content-type", "application/json").with_body(body)
    }

    /// With this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

impl Response {
    /// The first header of this name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON, with the bounds of [`json::parse`]; anything else is [`protocol`](Self::protocol)'s error.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        self.read(json::parse)
    }

    /// [`json`](Self::json) of what has to be an object: a struct would be read from an array, too.
    pub fn object<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        self.read(json::object)
    }

    /// Itself if the status is 2xx, otherwise the error of the table in the [module](super).
    pub fn success(self) -> Result<Self, Error> {
        match self.status {
            200..300 => Ok(self),
            401 | 403 => Err(self.unauthorized("the provider does not accept the credentials")),
            429 => Err(self.rate_limited(self.retry_after())),
            500.. => Err(self.unavailable()),
            _ => Err(self.protocol("no documented status")),
        }
    }

    /// The provider refused the credentials. `message` says what the operator can do.
    pub fn unauthorized(&self, message: &str) -> Error {
        Error::unauthorized(UNAUTHORIZED, message).details(&self.details())
    }

    /// The provider asks for a pause, as long as `wait` if it says how long.
    pub fn rate_limited(&self, wait: Option<Duration>) -> Error {
        let error =
            Error::unavailable(RATE_LIMITED, "the provider takes no more requests for now").details(&self.details());
        match wait {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }

    /// The provider failed. If the request [may be repeated](super::Request::repeatable) that is `unavailable`, otherwise nobody
    /// knows what it did.
    pub fn unavailable(&self) -> Error {
        let status = self.status;
        let error = if self.repeatable {
            Error::unavailable(UNAVAILABLE, format!("the provider answered {status}"))
        } else {
            Error::failed(OUTCOME_UNKNOWN, format!("the provider answered {status} and may have carried it out"))
        };
        error.details(&self.details())
    }

    /// The answer is not what the provider documents; `what` is wrong with it. The message shows the beginning of the body.
    pub fn protocol(&self, what: &str) -> Error {
        let (status, excerpt) = (self.status, self.excerpt());
        let shown = if excerpt.is_empty() { "nothing".to_owned() } else { format!("\"{excerpt}\"") };
        Error::failed(PROTOCOL, format!("the provider answered {status} with {shown}: {what}")).details(&self.details())
    }

    /// What the `retry-after` header asks for: seconds, or the time until a date. `None` if it says nothing usable.
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.header("retry-after")?.trim();
        match value.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => {
                let until = u64::try_from(time::parse_http_date(value)?).ok()?;
                Some(Duration::from_secs(until).saturating_sub(time::now()))
            }
        }
    }

    /// The beginning of the body as one line of text, at most [`EXCERPT_BYTES_MAX`] bytes.
    pub fn excerpt(&self) -> String {
        // Runs of blanks become one, so more bytes than are shown are read.
        const READ_BYTES_MAX: usize = 4 * EXCERPT_BYTES_MAX;
        let read = &self.body[..self.body.len().min(READ_BYTES_MAX)];
        excerpt(&String::from_utf8_lossy(read))
    }

    fn read<'a, T>(&'a self, read: impl FnOnce(&'a [u8]) -> Result<T, Error>) -> Result<T, Error> {
        if self.truncated {
            return Err(self.protocol("the body is longer than the host reads"));
        }
        read(&self.body).map_err(|error| self.protocol(&format!("the body is not as documented: {}", error.message)))
    }

    fn details(&self) -> Details {
        Details { http_status: self.status }
    }
}

/// `text` as one line of at most [`EXCERPT_BYTES_MAX`] bytes.
pub fn excerpt(text: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let mut line = text.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.truncate(line.floor_char_boundary(EXCERPT_BYTES_MAX));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind::{self, Failed, Unauthorized, Unavailable};
    use crate::RawValue;

    fn repeatable(status: u16) -> Response {
        Response { repeatable: true, ..Response::new(status) }
    }

    #[test]
    fn a_status_becomes_the_error_that_the_module_promises() {
        let rows: [(Response, ErrorKind, &str); 10] = [
            (Response::new(401), Unauthorized, UNAUTHORIZED),
            (Response::new(403), Unauthorized, UNAUTHORIZED),
            (Response::new(429), Unavailable, RATE_LIMITED),
            (repeatable(500), Unavailable, UNAVAILABLE),
            (repeatable(504), Unavailable, UNAVAILABLE),
            (Response::new(502), Failed, OUTCOME_UNKNOWN),
            (Response::new(404), Failed, PROTOCOL),
            (Response::new(302), Failed, PROTOCOL),
            (Response::new(101), Failed, PROTOCOL),
            (repeatable(400), Failed, PROTOCOL),
        ];
        for (response, kind, code) in rows {
            let status = response.status;
            let error = response.success().expect_err("not 2xx");
            assert_eq!((error.kind, error.code.as_str()), (kind, code), "{status}");
            assert_eq!(error.details, Some(format!("{{\"http_status\":{status}}}")), "{status}");
        }
        assert_eq!(Response::new(204).success().expect("2xx").status, 204);
    }

    #[test]
    fn a_pause_is_as_long_as_the_header_says() {
        let limited = |value: &str| Response::new(429).with_header("retry-after", value);
        assert_eq!(limited(" 120 ").retry_after(), Some(Duration::from_mins(2)));
        assert_eq!(limited("-1").retry_after(), None);
        assert_eq!(limited("soon").retry_after(), None);
        assert_eq!(Response::new(429).retry_after(), None);
        assert_eq!(limited("7").success().expect_err("429").retry_after_ms, Some(7_000));
    }

    #[test]
    fn a_body_that_is_not_json_is_shown_in_one_short_line() {
        let page = format!("<html>\r\n  <p>Bad\tgateway {}</p>", "é".repeat(500));
        let response = Response::new(200).with_body(page);
        let error = response.json::<&RawValue>().expect_err("a page");
        assert_eq!((error.kind, error.code.as_str()), (Failed, PROTOCOL));
        assert!(
            error.message.starts_with("the provider answered 200 with \"<html> <p>Bad gateway éé"),
            "{}",
            error.message
        );
        assert!(response.excerpt().len() <= EXCERPT_BYTES_MAX);
        assert!(Response::new(200).json::<&RawValue>().expect_err("empty").message.contains("with nothing:"));
        let list = Response::new(200).with_body("[200]");
        assert_eq!(list.object::<(u16,)>().expect_err("a list").code, PROTOCOL);
        let cut = Response { truncated: true, ..Response::new(200).with_body("{}") };
        assert_eq!(cut.json::<&RawValue>().expect_err("cut").code, PROTOCOL);
        assert_eq!(Response::new(200).with_body(b"\xFF\x00a".as_slice()).excerpt(), "\u{FFFD} a");
    }
}
