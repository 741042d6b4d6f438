//! Reading a request's body: exactly its bytes, within a size, a time and the memory that all bodies share.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use hookyard_domain::limit;
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::app::App;
use super::problem::Problem;

/// A body in memory, with its share of the memory that all bodies may take.
struct Held {
    bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body has more than {0} bytes")]
    TooLarge(u64),
    #[error("the body did not arrive in time")]
    Slow,
    #[error("too many bodies are in memory")]
    Overloaded,
    #[error("the body ended before its end")]
    Incomplete,
}

impl App {
    /// Reads the whole of a body. Its share of the memory is given back with the last clone of the bytes, wherever that is.
    ///
    /// # Errors
    /// It is too large (told by its `Content-Length` before a byte is read), too slow, cut off, or there is no room.
    pub(crate) async fn read_body(&self, body: Body, bytes_max: u64) -> Result<Bytes, BodyError> {
        read(body, bytes_max, &self.bodies, self.limits.body_read).await
    }
}

async fn read(body: Body, bytes_max: u64, room: &Arc<Semaphore>, within: Duration) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > bytes_max {
        return Err(BodyError::TooLarge(bytes_max));
    }
    timeout(within, collect(body, bytes_max, room)).await.unwrap_or(Err(BodyError::Slow))
}

async fn collect(mut body: Body, bytes_max: u64, room: &Arc<Semaphore>) -> Result<Bytes, BodyError> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut share: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Incomplete)?.into_data() else { continue };
        if (first.len() + rest.len() + data.len()) as u64 > bytes_max {
            return Err(BodyError::TooLarge(bytes_max));
        }
        let more = u32::try_from(data.len()).map_err(|_| BodyError::TooLarge(bytes_max))?;
        let more = Arc::clone(room).try_acquire_many_owned(more).map_err(|_| BodyError::Overloaded)?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    let bytes = if rest.is_empty() { first } else { [first, rest.freeze()].concat().into() };
    Ok(Bytes::from_owner(Held { bytes, _share: share }))
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(max) => Self::too_large(max),
            BodyError::Slow => Self::new(StatusCode::REQUEST_TIMEOUT, "request-timeout").detail(error.to_string()),
            BodyError::Overloaded => {
                Self::unavailable("overloaded", error.to_string()).retry_after(limit::TRY_AGAIN_AFTER)
            }
            BodyError::Incomplete => Self::new(StatusCode::BAD_REQUEST, "incomplete-body").detail(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use std::convert::Infallible;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    fn pieces(pieces: &'static [&'static [u8]]) -> Body {
        Body::from_stream(stream::iter(pieces.iter().map(|piece| Ok::<_, Infallible>(Bytes::from_static(piece)))))
    }

    #[tokio::test]
    async fn a_body_in_pieces_is_put_together_byte_by_byte() {
        let room = Arc::new(Semaphore::new(100));
        let held = read(pieces(&[b"a\xc3", b"\xa9", b"", b"\0z"]), 6, &room, LONG).await.unwrap();
        assert_eq!(held.as_ref(), b"a\xc3\xa9\0z");
        assert_eq!(room.available_permits(), 95);
        let clone = held.slice(1..);
        drop(held);
        assert_eq!(room.available_permits(), 95, "somebody has the bytes still");
        drop(clone);
        assert_eq!(room.available_permits(), 100, "the room is given back");
    }

    #[tokio::test]
    async fn a_body_is_refused_as_soon_as_it_is_too_large() {
        let room = Arc::new(Semaphore::new(100));
        let endless = Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(b"more"))));
        assert_eq!(read(endless, 10, &room, LONG).await.unwrap_err(), BodyError::TooLarge(10));
        let declared = Body::from("eleven byte");
        assert_eq!(read(declared, 10, &room, LONG).await.unwrap_err(), BodyError::TooLarge(10));
        assert_eq!(room.available_permits(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_in_time_is_given_up() {
        let room = Arc::new(Semaphore::new(100));
        let silent = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        assert_eq!(read(silent, 10, &room, LONG).await.unwrap_err(), BodyError::Slow);
    }

    #[tokio::test]
    async fn bodies_share_one_memory() {
        let room = Arc::new(Semaphore::new(8));
        let first = read(pieces(&[b"12345"]), 10, &room, LONG).await.unwrap();
        assert_eq!(read(pieces(&[b"1234"]), 10, &room, LONG).await.unwrap_err(), BodyError::Overloaded);
        drop(first);
        assert!(read(pieces(&[b"1234"]), 10, &room, LONG).await.is_ok());
    }
}
