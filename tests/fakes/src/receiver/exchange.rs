//! One request and its answer.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{LOCATION, RETRY_AFTER};
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::{Answer, Delivered, Shared};

/// Largest body that is taken: more than any event has.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

type Answered = Response<BoxBody<Bytes, io::Error>>;

/// Remembers the request and answers as its path does. An error closes the connection.
pub(super) async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answered, io::Error> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(io::Error::other)?.to_bytes();
    let path = head.uri.path().to_owned();
    let method = head.method.to_string();
    let answer = shared.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
    // Counted before it is seen to have arrived, so that whoever waits for the one finds the other.
    let open = Open::new(&shared);
    let mut released = shared.released.subscribe();
    let delivered = Delivered { path, method, headers: head.headers, body };
    shared.delivered.lock().unwrap_or_else(PoisonError::into_inner).push(delivered);
    shared.arrived.send_modify(|arrived| *arrived += 1);
    match answer.unwrap_or(Answer::Status(200)) {
        Answer::Status(status) => plain(status, None),
        Answer::RetryAfter(status, after) => plain(status, Some((RETRY_AFTER, &after))),
        Answer::Redirect(status, to) => plain(status, Some((LOCATION, &to))),
        Answer::Bytes(count) => whole(Response::builder(), vec![b'x'; count].into()),
        Answer::Hang => pending().await,
        Answer::Late => {
            released.changed().await.map_err(io::Error::other)?;
            plain(200, None)
        }
        Answer::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        Answer::CloseWithin => unfinished(true, open),
        Answer::Trickle => unfinished(false, open),
    }
}

fn plain(status: u16, header: Option<(http::HeaderName, &str)>) -> Result<Answered, io::Error> {
    let mut response = Response::builder().status(status);
    if let Some((name, value)) = header {
        response = response.header(name, value);
    }
    whole(response, Bytes::new())
}

fn whole(response: http::response::Builder, body: Bytes) -> Result<Answered, io::Error> {
    let body = Full::new(body).map_err(|never: Infallible| match never {});
    response.body(BoxBody::new(body)).map_err(io::Error::other)
}

fn unfinished(ends: bool, open: Open) -> Result<Answered, io::Error> {
    let body = Unfinished { first: Some(Bytes::from_static(b"{")), is_sent: false, ends, _open: open };
    Response::builder().body(BoxBody::new(body)).map_err(io::Error::other)
}

/// A body that promises a hundred bytes and has one.
struct Unfinished {
    first: Option<Bytes>,
    /// Whether there was time to put the first byte on the wire, with the head before it.
    is_sent: bool,
    /// Whether the connection ends after it; else nothing more happens.
    ends: bool,
    _open: Open,
}

impl Body for Unfinished {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None if !self.is_sent => {
                self.is_sent = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None if self.ends => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
            None => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(100)
    }
}

/// A request that is being answered, as long as this is held: hyper drops it when the sender goes.
struct Open(Arc<Shared>);

impl Open {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.open.send_modify(|open| *open += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}
