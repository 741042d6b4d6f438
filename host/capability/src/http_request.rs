//! `http-request`: calling out.
//!
//! Scope: the connection, with its grant, its credentials and its secrets. Grant: the origin of the URL, then each address
//! that is dialled. Limit: requests of an invocation, requests in flight, time, bytes. Act: through the pooled client of the
//! connection's address policy.

mod answer;
mod check;
mod exchange;
pub(crate) mod failure;
mod fill;
mod redirect;
mod reflection;
mod refused;
mod supply;
mod unsent;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use hookyard_domain::invocation::LogLevel;
use hookyard_domain::limit;

use crate::effects::Effects;
use crate::log::SharedLog;
use crate::outbound::Outbound;
use crate::secrets::Derivations;

use answer::BodyAllowance;
use failure::Failure;
pub use failure::{HttpError, HttpErrorCode};
pub(crate) use fill::check_place;
pub(crate) use refused::{address_refused, not_granted};
use unsent::Notes;
pub use unsent::{Unsent, UnsentRequest};

/// A request as a guest states it: unchecked, with placeholders in place of secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// As it goes onto the wire: `GET`.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Bytes>,
    /// For the whole exchange; [`limit::EGRESS_TIMEOUT_DEFAULT`] when absent.
    pub timeout: Option<Duration>,
    /// Redirects to follow. When there are more, the next one is the answer.
    pub max_redirects: u32,
    /// Where to cut the body; [`limit::EGRESS_ANSWER_BYTES_MAX`] when absent, and more than that is an error.
    pub max_body_bytes: Option<u32>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// 200 to 599.
    pub status: u16,
    /// Names in lower case; bytes of 0x80 and above as U+0080 to U+00FF. Those that concern one connection only
    /// (`transfer-encoding` and the like) are left out.
    pub headers: Vec<(String, String)>,
    /// As it was sent: not decompressed.
    pub body: Bytes,
    /// Whether the body was longer than the guest wanted.
    pub truncated: bool,
}

/// The requests of one invocation, shared by all the interfaces that send any.
pub struct Requests {
    outbound: Arc<Outbound>,
    derived: Arc<Derivations>,
    log: SharedLog,
    asked: AtomicUsize,
    /// Requests that may have changed something, and have, may have, or still may reach a provider.
    unsafe_sent: AtomicUsize,
    /// Whether a provider has answered a request with a status below 400.
    accepted: AtomicBool,
    /// There in a dry run: what is granted is noted here, and nothing is sent.
    unsent: Option<Notes>,
}

impl Requests {
    pub(crate) fn new(outbound: Arc<Outbound>, derived: Arc<Derivations>, log: SharedLog) -> Self {
        let (asked, unsafe_sent) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { outbound, derived, log, asked, unsafe_sent, accepted: AtomicBool::new(false), unsent: None }
    }

    /// Those of a dry run: nothing is looked up, dialled or sent. What could have been sent is answered with
    /// [`HttpErrorCode::Denied`] and noted.
    pub(crate) fn of_dry_run(outbound: Arc<Outbound>, derived: Arc<Derivations>, log: SharedLog) -> Self {
        Self { unsent: Some(Notes::default()), ..Self::new(outbound, derived, log) }
    }

    /// Takes what a dry run would have sent so far; nothing in any other run.
    pub(crate) fn take_unsent(&self) -> Unsent {
        self.unsent.as_ref().map(Notes::take).unwrap_or_default()
    }

    /// Sends a request and reads its answer. What is refused for want of a grant, or withheld, is logged as well.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.send_within(request, &BodyAllowance::new(limit::EGRESS_ANSWER_BYTES_MAX, &self.outbound)).await
    }

    /// Sends several, a few at a time, and answers in their order. Too many of them are refused together.
    pub async fn send_all(&self, requests: Vec<HttpRequest>) -> Vec<Result<HttpResponse, HttpError>> {
        if requests.len() > limit::SEND_ALL_REQUESTS_MAX {
            let message = format!("send-all takes {} requests, not {}", limit::SEND_ALL_REQUESTS_MAX, requests.len());
            let refused = HttpError { code: HttpErrorCode::TooMany, message };
            return vec![Err(refused); requests.len()];
        }
        let allowance = BodyAllowance::new(limit::SEND_ALL_BODIES_BYTES_MAX, &self.outbound);
        let answers = requests.into_iter().map(|request| self.send_within(request, &allowance));
        stream::iter(answers).buffered(limit::SEND_ALL_IN_FLIGHT).collect().await
    }

    /// Whether a request other than GET, HEAD and OPTIONS was handed to the network, whatever became of it.
    pub fn sent_unsafe(&self) -> bool {
        self.unsafe_sent.load(Ordering::SeqCst) > 0
    }

    /// Whether a provider has answered a request with a status below 400, which it does for nobody whose credentials it refuses.
    pub fn accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }

    async fn send_within(&self, request: HttpRequest, allowance: &BodyAllowance) -> Result<HttpResponse, HttpError> {
        let asked = failure::asked(&request);
        let outcome = match self.count() {
            Ok(()) => self.exchange(request, allowance).await,
            Err(failure) => Err(failure),
        };
        if outcome.as_ref().is_ok_and(|response| response.status < 400) {
            self.accepted.store(true, Ordering::Relaxed);
        }
        outcome.map_err(|failure| {
            let noted = failure.noted;
            let error = failure.into_error(&asked, &self.outbound.vault().redactor());
            if noted {
                self.log.write_of_host(LogLevel::Warn, &error.message);
            }
            error
        })
    }

    fn count(&self) -> Result<(), Failure> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < limit::REQUESTS_MAX {
            return Ok(());
        }
        let why = format!("an invocation sends {} requests", limit::REQUESTS_MAX);
        Err(Failure::new(HttpErrorCode::TooMany, why))
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("outbound", &self.outbound).field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl Effects {
    /// The requests of this invocation. They may be sent while other calls of the guest go on.
    pub fn requests(&self) -> Arc<Requests> {
        Arc::clone(&self.requests)
    }
}

#[cfg(test)]
mod tests;
