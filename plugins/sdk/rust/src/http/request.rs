//! A request and its sending.

use serde::Serialize;

use super::{Error, Response, query};
use crate::imports;

/// A request on its way to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Absolute. Parts that come from outside belong into [`segment`](super::segment) and [`query`](super::query()).
    pub url: String,
    /// Names in lower case; values hold visible ASCII, blanks and tabs only.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
    /// Milliseconds for the whole exchange; the host's bound applies when absent or larger.
    pub timeout_ms: Option<u32>,
    /// Redirects to follow; none when absent.
    pub max_redirects: Option<u32>,
    /// Bytes of the body to read; the host's bound applies when absent or larger.
    pub max_body_bytes: Option<u32>,
    repeatable: bool,
    /// Why it cannot be sent: a body that does not serialise.
    unusable: Option<String>,
}

impl Request {
    /// A request with this method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        let method = method.into();
        Self {
            // Safe methods (RFC 9110, 9.2.1): asking again changes nothing.
            repeatable: matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS"),
            method,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout_ms: None,
            max_redirects: None,
            max_body_bytes: None,
            unusable: None,
        }
    }

    /// A GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A POST.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// A PUT.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// A PATCH.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new("PATCH", url)
    }

    /// A DELETE.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// One more header; the name in lower case.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// This JSON as the body, and the content type that goes with it. What is a [`RawValue`](crate::RawValue) keeps its text.
    /// A value that is no JSON makes [`send`](Self::send) fail as `invalid`.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self.body = Some(body),
            Err(error) => self.unusable = Some(format!("the body does not serialise: {error}")),
        }
        self.header("content-type", "application/json")
    }

    /// These fields as the body (`application/x-www-form-urlencoded`), and the content type that goes with it.
    #[must_use]
    pub fn form<'a>(mut self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.body = Some(query(fields).into_bytes());
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// These bytes as the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Milliseconds for the whole exchange, redirects included; the host's bound applies when this is larger.
    #[must_use]
    pub fn timeout_ms(mut self, timeout: u32) -> Self {
        self.timeout_ms = Some(timeout);
        self
    }

    /// Redirects to follow, each checked like the request itself. Without this the answer is the redirect.
    #[must_use]
    pub fn max_redirects(mut self, redirects: u32) -> Self {
        self.max_redirects = Some(redirects);
        self
    }

    /// Bytes of the body to read; what is longer is cut, and [`Response::truncated`] says so.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: u32) -> Self {
        self.max_body_bytes = Some(bytes);
        self
    }

    /// Sending it twice does no more than sending it once, so that the action, webhook or timer that failed with it may be tried
    /// again. GET, HEAD and OPTIONS are repeatable by themselves.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sends it and waits for the answer, whatever its status.
    pub fn send(self) -> Result<Response, Error> {
        let repeatable = self.repeatable;
        let answer = match self.usable() {
            Ok(request) => imports::http_send(request),
            Err(error) => Err(error),
        };
        with_repeatable(answer, repeatable)
    }

    fn usable(mut self) -> Result<Self, Error> {
        match self.unusable.take() {
            None => Ok(self),
            Some(problem) => Err(Error::new("invalid", problem)),
        }
    }
}

/// Sends several at once, a few in flight; answers in the order of the requests.
pub fn send_all(requests: Vec<Request>) -> Vec<Result<Response, Error>> {
    let mut sent = Vec::with_capacity(requests.len());
    let mut fates = Vec::with_capacity(requests.len());
    for request in requests {
        let repeatable = request.repeatable;
        let problem = match request.usable() {
            Ok(request) => {
                sent.push(request);
                None
            }
            Err(error) => Some(error),
        };
        fates.push((repeatable, problem));
    }
    let mut answers = imports::http_send_all(sent).into_iter();
    let answered = fates.into_iter().map(|(repeatable, problem)| {
        let answer = match problem {
            Some(error) => Err(error),
            None => answers.next().expect("the host answers every request"),
        };
        with_repeatable(answer, repeatable)
    });
    answered.collect()
}

/// An answer knows whether its request may be repeated: what a failure means depends on it.
fn with_repeatable(answer: Result<Response, Error>, repeatable: bool) -> Result<Response, Error> {
    match answer {
        Ok(response) => Ok(Response { repeatable, ..response }),
        Err(error) => Err(Error { repeatable, ..error }),
    }
}
