//! One request from its check to its answer, redirects included.

use std::sync::atomic::Ordering;

use hookyard_domain::address::AddressPolicy;
use hookyard_domain::host_pattern::Origin;
use http::Method;
use reqwest::{Body, Request, Response};
use tokio::time::{Instant, timeout_at};

use crate::egress::{AddressesRefused, SendFailure};

use super::answer::{self, BodyAllowance};
use super::check::CheckedRequest;
use super::failure::{Failure, HttpErrorCode};
use super::fill::{self, FilledRequest};
use super::reflection::Watch;
use super::{HttpRequest, HttpResponse, Requests, redirect};

impl Requests {
    /// Checks the request, then its origin, then fills in secrets, then waits for room, then sends: what is refused costs
    /// nothing, and the one deadline is over all of it.
    pub(super) async fn exchange(
        &self,
        request: HttpRequest,
        allowance: &BodyAllowance,
    ) -> Result<HttpResponse, Failure> {
        let request = CheckedRequest::of(request)?;
        let outbound = &self.outbound;
        outbound.grant.check(&request.origin).map_err(|_| self.not_granted(&request.origin))?;
        let filled = fill::fill(&request, outbound, &self.derived)?;
        if let Some(unsent) = &self.unsent {
            unsent.add(&request, &filled, outbound.vault().redactor());
            return Err(Failure::new(HttpErrorCode::Denied, "a dry run sends nothing"));
        }
        let deadline = Instant::now() + request.timeout;
        let room = async {
            // The connection's own share first: who waits for that must not hold what others wait for.
            (outbound.share.acquire().await, outbound.egress.in_flight.acquire().await)
        };
        let room = timeout_at(deadline, room).await;
        let _room = room.map_err(|_| {
            Failure::new(HttpErrorCode::Connect, "too many requests were in flight for all of the time it was given")
        })?;
        let hops = self.hops(&request, filled, allowance);
        timeout_at(deadline, hops).await.unwrap_or_else(|_| {
            let seconds = request.timeout.as_secs_f32();
            Err(Failure::new(HttpErrorCode::Timeout, format!("there was no whole answer within {seconds} s")))
        })
    }

    async fn hops(
        &self,
        request: &CheckedRequest,
        filled: FilledRequest,
        allowance: &BodyAllowance,
    ) -> Result<HttpResponse, Failure> {
        let watch = Watch::new(&filled, &request.origin, &self.outbound);
        let (mut filled, mut origin) = (filled, request.origin.clone());
        let mut response = self.hop(&filled, &origin).await?;
        for _ in 0..request.max_redirects {
            let Some(to) = redirect::target(response.status(), response.headers(), &filled.url)? else { break };
            watch.check(response.headers(), &[])?;
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
        answer::read(response, request.cut, &watch, allowance).await
    }

    /// Sends one request to one origin, if that is granted.
    async fn hop(&self, request: &FilledRequest, origin: &Origin) -> Result<Response, Failure> {
        let policy = self.outbound.grant.check(origin).map_err(|_| self.not_granted(origin))?;
        let client = self.outbound.client(&policy).map_err(|error| {
            tracing::error!(%error, "no client for requests");
            Failure::new(HttpErrorCode::Connect, error.to_string())
        })?;
        let unsafe_method = !matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let unsent = usize::from(unsafe_method);
        // Counted before it is sent, and uncounted only where the client says that nothing was: an invocation may end while
        // its request is on the way.
        self.unsafe_sent.fetch_add(unsent, Ordering::SeqCst);
        client.send(request.to_wire()).await.map_err(|failure| {
            if !failure.was_sent() {
                self.unsafe_sent.fetch_sub(unsent, Ordering::SeqCst);
            }
            match failure {
                SendFailure::Refused(refused) => self.address_refused(origin, &policy, &refused),
                failure => Failure::of(failure),
            }
        })
    }

    fn not_granted(&self, origin: &Origin) -> Failure {
        let outbound = &self.outbound;
        let why = format!("the connection {} is not granted requests to {origin}", outbound.connection);
        Failure::denied(why).with_remedy(Some(outbound.grant.suggest_host(&outbound.connection, origin)))
    }

    /// A public address is refused only for plain http that no `http://` grants; the way out is that, not a range.
    fn address_refused(&self, origin: &Origin, policy: &AddressPolicy, refused: &AddressesRefused) -> Failure {
        let outbound = &self.outbound;
        let internet = AddressPolicy::new([]);
        let plain = policy.is_private_only() && refused.0.iter().all(|refusal| internet.check(refusal.address).is_ok());
        if plain {
            let why = format!("{refused}, and plain http goes to private ones unless the grant says http://");
            return Failure::denied(why).with_remedy(Some(outbound.grant.suggest_host(&outbound.connection, origin)));
        }
        let grantable = refused.0.iter().all(|refusal| !refusal.grantable.is_empty());
        let ranges: Vec<_> = refused.0.iter().flat_map(|refusal| refusal.grantable.iter().copied()).collect();
        let remedy = grantable.then(|| outbound.grant.suggest_addresses(&outbound.connection, &ranges));
        Failure::denied(refused.to_string()).with_remedy(remedy)
    }
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
