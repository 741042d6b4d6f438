//! A body that comes drop by drop.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::{Interval, interval};

/// Between one byte and the next.
const PAUSE: Duration = Duration::from_millis(20);

/// A blank now and then, without end.
#[derive(Debug)]
pub(super) struct Drip(Interval);

impl Drip {
    pub(super) fn new() -> Self {
        Self(interval(PAUSE))
    }
}

impl HttpBody for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(b" ")))))
    }
}
