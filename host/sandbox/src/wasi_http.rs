//! `wasi:http/outgoing-handler`: what the HTTP libraries of many languages speak. Every request takes the way of
//! `http-request.send`: the same grants, guard, credentials, clients and bounds.
//!
//! Bodies are read whole, in both directions, and trailers are not carried. What is in work, and what the guest has not read of
//! its answers, is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hookyard_capability::{HttpError, HttpErrorCode, HttpRequest, HttpResponse, Requests};
use hookyard_domain::limit;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// Sends the requests of one guest; without `requests` (during `describe`) it refuses them all.
pub(crate) struct OutgoingHttp {
    requests: Option<Arc<Requests>>,
    /// The guest is gone. A body that it had not finished then must not look like one that has come to its end.
    ended: Arc<AtomicBool>,
    /// Requests in work at a time; further ones wait.
    in_work: Arc<Semaphore>,
    /// Bytes of answers that the guest has not read yet may have, one permit a byte.
    unread: Arc<Semaphore>,
}

impl Drop for OutgoingHttp {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

impl OutgoingHttp {
    /// For a guest that may send through `requests`.
    pub(crate) fn new(requests: Option<Arc<Requests>>) -> Self {
        let in_work = Arc::new(Semaphore::new(limit::SEND_ALL_IN_FLIGHT));
        let unread = Arc::new(Semaphore::new(limit::SEND_ALL_BODIES_BYTES_MAX));
        Self { requests, ended: Arc::default(), in_work, unread }
    }
}

/// What becomes of a body after its answer was handed over: nothing more, since it was read whole.
type Done = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Box<dyn Future<Output = Result<(http::Response<WasiBody>, Done), Error>> + Send>;

impl WasiHttpHooks for OutgoingHttp {
    /// The client states it from the URL.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(&mut self, request: http::Request<WasiBody>, options: Option<RequestOptions>, _: Done) -> Sent {
        let (requests, ended) = (self.requests.clone(), Arc::clone(&self.ended));
        let (in_work, unread) = (Arc::clone(&self.in_work), Arc::clone(&self.unread));
        Box::new(async move {
            let Some(requests) = requests else { return Err(Error::HttpRequestDenied) };
            // The semaphore is never closed.
            let Ok(_turn) = in_work.acquire().await else { return Err(Error::HttpRequestDenied) };
            let asked = asked(request, options).await?;
            if ended.load(Ordering::SeqCst) {
                return Err(Error::HttpRequestDenied);
            }
            let response = requests.send(asked).await.map_err(|error| refused(&error))?;
            let done: Done = Box::new(async { Ok(()) });
            Ok((answered(response, unread)?, done))
        })
    }
}

async fn asked(request: http::Request<WasiBody>, options: Option<RequestOptions>) -> Result<HttpRequest, Error> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = value.as_bytes().iter().copied().map(char::from).collect();
        (name.as_str().to_owned(), value)
    });
    Ok(HttpRequest {
        method: parts.method.as_str().to_owned(),
        url: parts.uri.to_string(),
        headers: headers.collect(),
        body: Some(whole(body).await?).filter(|body| !body.is_empty()),
        timeout: options.and_then(|options| timeout(&options)),
        max_redirects: 0,
        max_body_bytes: None,
    })
}

/// From the wish to the first byte. The rest of the answer has to come within it as well, since it is read whole.
fn timeout(options: &RequestOptions) -> Option<Duration> {
    let first_byte = options.first_byte_timeout?;
    Some(first_byte.saturating_add(options.connect_timeout.unwrap_or_default()))
}

async fn whole(body: WasiBody) -> Result<Bytes, Error> {
    let max = limit::EGRESS_BODY_BYTES_MAX;
    let collected = Limited::new(body, max).collect().await;
    let collected = collected.map_err(|error| match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) if error.is::<LengthLimitError>() => Error::HttpRequestBodySize(Some(max as u64)),
        Err(error) => Error::InternalError(Some(error.to_string())),
    })?;
    match collected.trailers() {
        Some(trailers) if !trailers.is_empty() => Err(Error::HttpRequestTrailerSectionSize(Some(0))),
        _ => Ok(collected.to_bytes()),
    }
}

/// The answer, whose body takes its part of what may be unread until the guest has read it or dropped it.
fn answered(response: HttpResponse, unread: Arc<Semaphore>) -> Result<http::Response<WasiBody>, Error> {
    let bytes = u32::try_from(response.body.len()).unwrap_or(u32::MAX);
    let Ok(share) = unread.try_acquire_many_owned(bytes) else {
        return Err(Error::HttpResponseBodySize(Some(bytes.into())));
    };
    let body = Bytes::from_owner(Unread { body: response.body, _share: share });
    let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
    let builder = http::Response::builder().status(response.status);
    let builder = response.headers.iter().fold(builder, |builder, (name, value)| {
        let bytes: Vec<u8> = value.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
        builder.header(name, bytes)
    });
    builder.body(body).map_err(|_| Error::HttpProtocolError)
}

/// A body in memory.
struct Unread {
    body: Bytes,
    _share: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Unread {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// The nearest error of WASI. What it cannot say stands in the invocation's log.
fn refused(error: &HttpError) -> Error {
    match error.code {
        HttpErrorCode::Denied => Error::HttpRequestDenied,
        HttpErrorCode::Dns => Error::DnsError { rcode: None, info_code: None },
        HttpErrorCode::Connect => Error::ConnectionRefused,
        HttpErrorCode::Tls => Error::TlsProtocolError,
        HttpErrorCode::Timeout => Error::HttpResponseTimeout,
        HttpErrorCode::TooLarge => Error::HttpResponseBodySize(None),
        HttpErrorCode::Protocol => Error::HttpProtocolError,
        HttpErrorCode::Closed => Error::HttpResponseIncomplete,
        HttpErrorCode::TooMany => Error::ConnectionLimitReached,
        HttpErrorCode::Invalid
        | HttpErrorCode::SecretReflected
        | HttpErrorCode::TokenRefused
        | HttpErrorCode::TokenUnavailable
        | HttpErrorCode::TokenInvalid => Error::InternalError(Some(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_not_read_are_bounded_together() {
        let unread = Arc::new(Semaphore::new(100));
        let answer = |bytes: usize| {
            let body = Bytes::from(vec![b'x'; bytes]);
            let response = HttpResponse { status: 200, headers: Vec::new(), body, truncated: false };
            answered(response, Arc::clone(&unread))
        };
        let first = answer(60).expect("there is room");
        assert!(matches!(answer(60), Err(Error::HttpResponseBodySize(Some(60)))));
        let second = answer(40).expect("there is room");
        drop(first);
        answer(60).expect("there is room again");
        drop(second);
        assert_eq!(unread.available_permits(), 100);
    }
}
