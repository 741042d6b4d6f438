//! What goes wrong at a fake provider, and how that looks on the wire.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hyper::body::Frame;
use serde_json::{Map, Value, json};

use crate::answer::Answer;

/// A fault. Where nothing else is said, the request has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An error of this status, in the provider's own words.
    Status(u16),
    /// 429 with this `Retry-After`, or none.
    RateLimited(Option<String>),
    /// This status and this body, said to be JSON.
    Body(u16, String),
    /// An HTML page of a gateway with this status.
    Page(u16),
    /// This status and no body.
    Empty(u16),
    /// No answer, ever.
    Hang,
    /// The request is carried out; no answer, ever.
    HangAfter,
    /// The request is carried out and answered so much later.
    Slow(Duration),
    /// The request is carried out; the answer's JSON stops in the middle.
    Truncated,
    /// The request is carried out; the connection ends in the middle of the answer.
    Broken,
    /// 200, and the request's headers in the answer's body.
    Echo,
}

/// Faults that have not happened yet.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Waiting>);

#[derive(Debug)]
struct Waiting {
    only: String,
    fault: Fault,
    times: u32,
}

impl Faults {
    /// For requests whose method and path begin like this: `POST /v2/conv`.
    pub(crate) fn push(&mut self, only: &str, fault: Fault, times: u32) {
        self.0.push(Waiting { only: only.to_owned(), fault, times });
    }

    /// None of those that have not happened will.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that this request meets.
    pub(crate) fn next(&mut self, method: &str, path: &str) -> Option<Fault> {
        let asked = format!("{method} {path}");
        self.0.retain(|waiting| waiting.times > 0);
        let waiting = self.0.iter_mut().find(|waiting| asked.starts_with(&waiting.only))?;
        waiting.times -= 1;
        Some(waiting.fault.clone())
    }
}

impl Fault {
    /// The answer to a request that meets this: `carried_out` has its effect, `refused` words an error of a status.
    pub(crate) async fn answer(
        self,
        headers: &HeaderMap,
        carried_out: impl FnOnce() -> Answer,
        refused: fn(u16) -> Answer,
    ) -> Response {
        match self {
            Self::Status(status) => refused(status).into_response(),
            Self::RateLimited(None) => refused(429).into_response(),
            Self::RateLimited(Some(after)) => refused(429).with("retry-after", &after).into_response(),
            Self::Body(status, body) => Answer::text(status, "application/json", body).into_response(),
            Self::Page(status) => Answer::page(status).into_response(),
            Self::Empty(status) => StatusCode::from_u16(status).unwrap_or_default().into_response(),
            Self::Hang => std::future::pending().await,
            Self::HangAfter => {
                carried_out();
                std::future::pending().await
            }
            Self::Slow(delay) => {
                let answer = carried_out();
                tokio::time::sleep(delay).await;
                answer.into_response()
            }
            Self::Truncated => carried_out().cut_short().into_response(),
            Self::Broken => {
                let begun = Bytes::from(carried_out().cut_short().body);
                (StatusCode::OK, Body::new(Breaking(Some(begun)))).into_response()
            }
            Self::Echo => Answer::json(200, &json!({ "headers": shown(headers) })).into_response(),
        }
    }
}

fn shown(headers: &HeaderMap) -> Map<String, Value> {
    let text = |value: &http::HeaderValue| Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned());
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// A body that begins and then fails.
struct Breaking(Option<Bytes>);

impl HttpBody for Breaking {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = self.0.take().map(Frame::data).ok_or_else(|| std::io::ErrorKind::ConnectionReset.into());
        Poll::Ready(Some(frame))
    }
}
