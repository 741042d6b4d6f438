//! What a dry run would have sent: noted for the operator in place of being sent.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use hookyard_domain::limit;
use hookyard_domain::redaction::{REDACTED, Redactor};

use crate::placeholder;

use super::check::CheckedRequest;
use super::fill::{FilledHeader, FilledRequest};

/// The requests of a dry run, in the order in which the guest made them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsent {
    /// The first [`limit::DRY_RUN_REQUESTS_MAX`].
    pub requests: Vec<UnsentRequest>,
    /// How many came after those.
    pub dropped: u64,
}

/// A request that was granted, filled in, and not sent. Holds no secret: `•••` stands where one would have gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsentRequest {
    /// As it would go onto the wire: `GET`.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Names in lower case, also those that the host would have put in.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body, up to [`limit::DRY_RUN_BODY_BYTES_MAX`]; absent where there is none, or none that is a text.
    pub body: Option<String>,
    /// Bytes of the whole body as the guest gave it.
    pub body_bytes: usize,
}

impl Unsent {
    fn add(&mut self, request: impl FnOnce() -> UnsentRequest) {
        if self.requests.len() < limit::DRY_RUN_REQUESTS_MAX {
            self.requests.push(request());
        } else {
            self.dropped += 1;
        }
    }
}

/// Where the requests of a dry run are noted.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Unsent>);

impl Notes {
    /// Notes what would have been sent.
    pub(super) fn add(&self, request: &CheckedRequest, filled: &FilledRequest, redactor: &Redactor) {
        let mut unsent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unsent.add(|| UnsentRequest::of(request, filled, redactor));
    }

    /// Takes what was noted so far.
    pub(super) fn take(&self) -> Unsent {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl UnsentRequest {
    /// URL and body as the guest gave them, with its placeholders blotted out: what is filled in is never looked at.
    fn of(request: &CheckedRequest, filled: &FilledRequest, redactor: &Redactor) -> Self {
        let shown = |text: &str| redactor.redact(&blotted(text)).into_owned();
        let header = |header: &FilledHeader| {
            let value = header.value.to_str().ok().filter(|_| !header.secret);
            (header.name.as_str().to_owned(), value.map_or_else(|| REDACTED.to_owned(), shown))
        };
        let body = request.body.as_ref();
        Self {
            method: request.method.as_str().to_owned(),
            url: shown(request.url.as_str()),
            headers: filled.headers.iter().map(header).collect(),
            body: body
                .and_then(|body| std::str::from_utf8(body).ok())
                .map(|text| redactor.redact_beginning(&blotted(text), limit::DRY_RUN_BODY_BYTES_MAX).into_owned()),
            body_bytes: body.map_or(0, Bytes::len),
        }
    }
}

/// The text with `•••` in place of each placeholder.
fn blotted(text: &str) -> String {
    let Ok(blotted) = placeholder::fill_text(text, |_| Ok::<_, std::convert::Infallible>(REDACTED));
    blotted.into_owned()
}
