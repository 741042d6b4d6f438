//! Deliveries to URLs, on the wire.
//!
//! Scope: the operator's endpoints. Grant: `egress.private_addresses`, by the address that is dialled; plain http goes to those
//! alone. Limit: one bounded time over all of it, and so much of the answer. Act: through the pooled client of the policy.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use hookyard_domain::address::AddressPolicy;
use hookyard_domain::limit;
use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, Method};
use reqwest::{Body, Request, Response};
use url::Url;

use crate::egress::{AddressesRefused, Egress, EgressError, GuardedClient, SendFailure};
use crate::sleep::Sleep;

/// Posts events to endpoints. One of a host.
pub struct EndpointClient {
    /// For https: the public internet and the operator's private addresses.
    secure: Arc<GuardedClient>,
    /// For plain http: those addresses alone.
    plain: Arc<GuardedClient>,
    sleep: Arc<dyn Sleep>,
}

/// One request. `headers` are sent beside what every request has.
#[derive(Debug)]
pub struct EndpointRequest {
    /// `https`, or `http`.
    pub url: Url,
    /// As they go onto the wire.
    pub headers: HeaderMap,
    /// As it goes onto the wire.
    pub body: Bytes,
}

/// What an endpoint has answered. Its body is read and thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointAnswer {
    /// 200 to 599.
    pub status: u16,
    /// The value of `Retry-After`, as it was sent.
    pub retry_after: Option<String>,
    /// The value of `Location`, as it was sent.
    pub location: Option<String>,
}

/// Why there is no answer. The texts hold nothing of the request but its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EndpointError {
    /// A stable word.
    pub code: EndpointErrorCode,
    /// What is wrong, and the way out where the operator has one.
    pub message: String,
}

/// The words of [`EndpointError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointErrorCode {
    /// The time is up. The endpoint may have taken the event.
    Timeout,
    /// Nobody answers there. Nothing was sent.
    Connect,
    /// The name leads nowhere. Nothing was sent.
    Dns,
    /// The server did not prove who it is. Nothing was sent.
    Tls,
    /// The operator does not permit the address. Nothing was sent.
    AddressRefused,
    /// The connection ended before the answer came. The endpoint may have taken the event.
    Closed,
    /// The answer is not HTTP, or its head is too large. The endpoint may have taken the event.
    Protocol,
}

impl EndpointErrorCode {
    /// The word that operators see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::AddressRefused => "address-refused",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
        }
    }
}

impl EndpointClient {
    /// Opens nothing yet. `policy`: the public internet and what the operator permits beyond it. Waiting is done by `sleep`.
    ///
    /// # Errors
    /// A client cannot be made.
    pub fn new(egress: &Egress, policy: &AddressPolicy, sleep: Arc<dyn Sleep>) -> Result<Self, EgressError> {
        Ok(Self { secure: egress.client(policy)?, plain: egress.client(&policy.private_only())?, sleep })
    }

    /// Posts once, within [`DELIVERY_TIMEOUT`](limit::DELIVERY_TIMEOUT). Follows no redirect. Dropped before its end, it may or may
    /// not have been sent.
    ///
    /// An answer counts when its head is there: what follows is read so that the connection can be used again, up to
    /// [`DELIVERY_ANSWER_BYTES_MAX`](limit::DELIVERY_ANSWER_BYTES_MAX) and within the same time.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn post(&self, request: EndpointRequest) -> Result<EndpointAnswer, EndpointError> {
        let mut time = pin!(self.sleep.sleep(limit::DELIVERY_TIMEOUT));
        let response = self.head(request, time.as_mut()).await?;
        let answer = EndpointAnswer::of(&response);
        read_off(response, time).await;
        Ok(answer)
    }

    /// Sends, and waits for the head of the answer until the time is up.
    async fn head(&self, request: EndpointRequest, time: impl Future<Output = ()>) -> Result<Response, EndpointError> {
        let client = if request.url.scheme() == "https" { &self.secure } else { &self.plain };
        tokio::select! {
            biased;
            response = client.send(to_wire(request)) => response.map_err(|failure| failed(failure, client)),
            () = time => Err(timed_out()),
        }
    }
}

impl fmt::Debug for EndpointClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointClient").field("secure", &self.secure).finish_non_exhaustive()
    }
}

impl EndpointAnswer {
    fn of(response: &Response) -> Self {
        let text = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        Self { status: response.status().as_u16(), retry_after: text(RETRY_AFTER), location: text(LOCATION) }
    }
}

fn to_wire(request: EndpointRequest) -> Request {
    let EndpointRequest { url, headers, body } = request;
    let mut wire = Request::new(Method::POST, url);
    *wire.headers_mut() = headers;
    *wire.body_mut() = Some(Body::from(body));
    wire
}

/// Whatever goes wrong from here on, and whatever time is left: the endpoint has answered.
async fn read_off(mut response: Response, time: impl Future<Output = ()>) {
    let all = async {
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > limit::DELIVERY_ANSWER_BYTES_MAX {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = all => {}
        () = time => {}
    }
}

fn timed_out() -> EndpointError {
    let message = format!("there was no answer within {} s", limit::DELIVERY_TIMEOUT.as_secs());
    EndpointError { code: EndpointErrorCode::Timeout, message }
}

fn failed(failure: SendFailure, client: &GuardedClient) -> EndpointError {
    let (code, message) = match failure {
        SendFailure::Refused(refused) => {
            (EndpointErrorCode::AddressRefused, address_refused(&refused, client.policy()))
        }
        SendFailure::Dns(why) => (EndpointErrorCode::Dns, format!("the name could not be looked up: {why}")),
        SendFailure::Connect(why) => (EndpointErrorCode::Connect, format!("no connection could be opened: {why}")),
        SendFailure::Tls(why) => (EndpointErrorCode::Tls, format!("the server could not be trusted: {why}")),
        SendFailure::TooLarge(why) => (EndpointErrorCode::Protocol, why),
        SendFailure::Protocol(why) => (EndpointErrorCode::Protocol, format!("the answer is not HTTP/1.1: {why}")),
        SendFailure::Closed(why) => {
            (EndpointErrorCode::Closed, format!("the connection ended before the answer came: {why}"))
        }
    };
    EndpointError { code, message }
}

/// What is refused, and what the operator would write to permit it, where that is possible.
fn address_refused(refused: &AddressesRefused, policy: &AddressPolicy) -> String {
    let internet = AddressPolicy::default();
    if policy.is_private_only() && refused.0.iter().all(|refusal| internet.check(refusal.address).is_ok()) {
        return format!("{refused}, and plain http goes to egress.private_addresses only: use https");
    }
    let mut ranges: Vec<_> =
        refused.0.iter().flat_map(|refusal| &refusal.grantable).map(|range| format!("\"{range}\"")).collect();
    ranges.dedup();
    if ranges.is_empty() || refused.0.iter().any(|refusal| refusal.grantable.is_empty()) {
        return refused.to_string();
    }
    format!("{refused}; to permit it: [egress] private_addresses = [{}]", ranges.join(", "))
}

#[cfg(test)]
mod tests;
