//! One client's connection: HTTP/1.1 or HTTP/2 in the clear, within its limits, until it ends, idles or the host stops.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use hookyard_domain::limit;
use http::{Request, Response, StatusCode, Version};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tower::Service as _;

use super::activity::{Activity, InFlight};
use super::drain::Drain;
use super::limits::HttpLimits;
use super::problem::Problem;
use super::watched_io::WatchedIo;

/// The two ends of a TCP connection; absent on the local socket. Stands among a request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peers {
    /// The client.
    pub(crate) remote: SocketAddr,
    /// The address that the client has connected to.
    pub(crate) local: SocketAddr,
}

/// Serves one connection until it ends.
pub(super) async fn serve<Io>(io: Io, peers: Option<Peers>, router: Router, limits: &HttpLimits, drain: &Drain)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Activity::begin();
    let io = TokioIo::new(WatchedIo::new(io, activity.clone(), limits.write_stall));
    let requests = activity.clone();
    let service = service_fn(move |request| answer(router.clone(), request, peers, &requests));
    let builder = builder();
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut draining = false;
    let mut check_at = Instant::now() + limits.head_read;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error, "connection ended");
                }
                return;
            }
            () = drain.begun(), if !draining => {
                draining = true;
                connection.as_mut().graceful_shutdown();
                // Whoever is in the middle of a head has had no answer and repeats the request elsewhere.
                check_at = Instant::now() + limits.head_read / 4;
            }
            () = sleep_until(check_at) => {
                let now = Instant::now();
                match activity.deadline(limits) {
                    Some(deadline) if deadline <= now || (draining && activity.is_quiet()) => {
                        tracing::debug!("connection cut off: the client took too long");
                        return;
                    }
                    // Looking four times in the time of a head finds a slow one soon enough.
                    deadline => {
                        let next = now + limits.head_read / 4;
                        check_at = deadline.map_or(next, |deadline| deadline.min(next));
                    }
                }
            }
        }
    }
}

/// Limits of hyper's own: sizes and numbers. Time is watched over by [`serve`], because hyper's time limit for a head also
/// runs while a connection idles, and it has none for the first bytes and for HTTP/2.
fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(limit::HTTP_HEADERS_MAX)
        .max_buf_size(limit::HTTP_HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limit::HTTP_STREAMS_MAX)
        .max_header_list_size(u32::try_from(limit::HTTP_HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .initial_connection_window_size(limit::HTTP_WINDOW_BYTES)
        .initial_stream_window_size(limit::HTTP_WINDOW_BYTES);
    builder
}

fn answer(
    mut router: Router,
    mut request: Request<Incoming>,
    peers: Option<Peers>,
    activity: &Activity,
) -> impl Future<Output = Result<Response<CountedBody>, Infallible>> + use<> {
    let in_flight = activity.request(request.version() == Version::HTTP_2);
    if let Some(peers) = peers {
        request.extensions_mut().insert(peers);
    }
    async move {
        let response = match request.headers().len() {
            // HTTP/2 bounds the bytes of a head, not its lines.
            lines if lines > limit::HTTP_HEADERS_MAX => {
                Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too-large").into_response()
            }
            _ => router.call(request).await?,
        };
        in_flight.offered();
        Ok(response.map(|body| CountedBody { body, in_flight }))
    }
}

/// A response's body, which keeps its request in flight until it is written.
struct CountedBody {
    body: Body,
    in_flight: InFlight,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        // Whoever asks for a frame has room for it; whoever got one must come again.
        match &frame {
            Poll::Ready(Some(_)) => self.in_flight.offered(),
            Poll::Ready(None) | Poll::Pending => self.in_flight.taken(),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
