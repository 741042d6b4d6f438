//! One request from its check to its answer, redirects included.

use std::sync::atomic::Ordering;

use hookyard_domain::host_pattern::Origin;
use http::{Method, StatusCode};
use reqwest::{Body, Request, Response};
use tokio::time::{Instant, timeout_at};

use crate::egress::SendFailure;

use super::answer::{self, BodyAllowance};
use super::check::CheckedRequest;
use super::failure::{Failure, HttpErrorCode};
use super::fill::{self, FilledRequest};
use super::reflection::Watch;
use super::refused::{address_refused, not_granted};
use super::supply::supply;
use super::{HttpRequest, HttpResponse, Requests, redirect};

impl Requests {
    /// Checks the request, then its origin, then fills in secrets, then fetches what tokens it needs, then waits for room, then sends:
    /// what is refused costs nothing, and the one deadline is over all of it.
    ///
    /// A provider that answers 401 to a token has done nothing: it gets the same request once more, with another token. Where a
    /// redirect led from a request that may have acted to one that was refused, that is the answer.
    pub(super) async fn exchange(
        &self,
        request: HttpRequest,
        allowance: &BodyAllowance,
    ) -> Result<HttpResponse, Failure> {
        let request = CheckedRequest::of(request)?;
        let outbound = &self.outbound;
        outbound.grant.check(&request.origin).map_err(|_| not_granted(outbound, &request.origin))?;
        let mut filled = fill::fill(&request, outbound, &self.derived, &[])?;
        if let Some(unsent) = &self.unsent {
            unsent.add(&request, &filled, &outbound.vault().redactor());
            return Err(Failure::new(HttpErrorCode::Denied, "a dry run sends nothing"));
        }
        let deadline = Instant::now() + request.timeout;
        let mut last = false;
        loop {
            let supplied = supply(outbound, std::mem::take(&mut filled.missing), deadline).await?;
            if !supplied.is_empty() {
                filled = fill::fill(&request, outbound, &self.derived, &supplied)?;
            }
            match self.attempt(&request, filled, deadline, allowance, last).await? {
                Attempted::Answered(response) => return Ok(response),
                Attempted::Refused(response) => {
                    supplied.iter().for_each(|token| token.taken.refuse());
                    if let Some(response) = response {
                        return Ok(response);
                    }
                }
            }
            filled = fill::fill(&request, outbound, &self.derived, &[])?;
            last = true;
        }
    }

    /// Sends the request, for the `last` time or not.
    async fn attempt(
        &self,
        request: &CheckedRequest,
        filled: FilledRequest,
        deadline: Instant,
        allowance: &BodyAllowance,
        last: bool,
    ) -> Result<Attempted, Failure> {
        let outbound = &self.outbound;
        let room = async {
            // The connection's own share first: who waits for that must not hold what others wait for.
            (outbound.share.acquire().await, outbound.egress.in_flight.acquire().await)
        };
        let room = timeout_at(deadline, room).await;
        let _room = room.map_err(|_| {
            Failure::new(HttpErrorCode::Connect, "too many requests were in flight for all of the time it was given")
        })?;
        let hops = async {
            let watch = Watch::new(&filled, &request.origin, outbound);
            let Reached { response, holds_token, has_acted } = self.hops(request, filled, &watch).await?;
            let refused = response.status() == StatusCode::UNAUTHORIZED && holds_token && !last;
            if refused && !has_acted {
                return Ok(Attempted::Refused(None));
            }
            let response = answer::read(response, request.cut, &watch, allowance).await?;
            Ok(if refused { Attempted::Refused(Some(response)) } else { Attempted::Answered(response) })
        };
        timeout_at(deadline, hops).await.unwrap_or_else(|_| {
            let seconds = request.timeout.as_secs_f32();
            Err(Failure::new(HttpErrorCode::Timeout, format!("there was no whole answer within {seconds} s")))
        })
    }

    /// The answer that no redirect leads on from.
    async fn hops(&self, request: &CheckedRequest, filled: FilledRequest, watch: &Watch) -> Result<Reached, Failure> {
        let (mut filled, mut origin) = (filled, request.origin.clone());
        let mut has_acted = false;
        let mut response = self.hop(&filled, &origin).await?;
        for _ in 0..request.max_redirects {
            let Some(to) = redirect::target(response.status(), response.headers(), &filled.url)? else { break };
            watch.check(response.headers(), &[])?;
            // "See other" is what many say after they have done what a POST asked for.
            has_acted |= is_unsafe(&filled.method);
            let status = response.status();
            drop(response);
            let next = redirect::origin(&to)?;
            let shown = next.to_string();
            filled = filled
                .redirected(status, to, next != origin, self.outbound.vault(), &self.derived)
                .map_err(|failure| failure.after_redirect(&shown))?;
            origin = next;
            response = self.hop(&filled, &origin).await.map_err(|failure| failure.after_redirect(&shown))?;
        }
        Ok(Reached { response, holds_token: filled.holds_token, has_acted })
    }

    /// Sends one request to one origin, if that is granted.
    async fn hop(&self, request: &FilledRequest, origin: &Origin) -> Result<Response, Failure> {
        let policy = self.outbound.grant.check(origin).map_err(|_| not_granted(&self.outbound, origin))?;
        let client = self.outbound.client(&policy).map_err(|error| {
            tracing::error!(%error, "no client for requests");
            Failure::new(HttpErrorCode::Connect, error.to_string())
        })?;
        let unsent = usize::from(is_unsafe(&request.method));
        // Counted before it is sent, and uncounted only where the client says that nothing was: an invocation may end while
        // its request is on the way.
        self.unsafe_sent.fetch_add(unsent, Ordering::SeqCst);
        client.send(request.to_wire()).await.map_err(|failure| {
            if !failure.was_sent() {
                self.unsafe_sent.fetch_sub(unsent, Ordering::SeqCst);
            }
            match failure {
                SendFailure::Refused(refused) => address_refused(&self.outbound, origin, &policy, &refused),
                failure => Failure::of(failure),
            }
        })
    }
}

/// What one sending of a request has come to.
enum Attempted {
    Answered(HttpResponse),
    /// The provider refuses the fetched token with 401, and another attempt may be made. The answer is there where the request
    /// must not be sent again all the same.
    Refused(Option<HttpResponse>),
}

/// Where redirects have led.
struct Reached {
    response: Response,
    /// Whether the last request held a fetched token.
    holds_token: bool,
    /// Whether one before it may have changed something.
    has_acted: bool,
}

fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

impl FilledRequest {
    fn to_wire(&self) -> Request {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        for header in &self.headers {
            request.headers_mut().append(header.name.clone(), header.value.clone());
        }
        *request.body_mut() = self.body.clone().map(Body::from);
        request
    }
}
