//! What a client is answered about an action.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hookyard_domain::idempotency::StoredAnswer;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::http::problem::{self, Problem};

/// Says that an answer was given before and is repeated.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An answer, first given or repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    stored: StoredAnswer,
    retry_after: Option<Duration>,
    replayed: bool,
}

impl Answer {
    /// The plugin's output, as it wrote it.
    pub(super) fn output(json: String) -> Self {
        let stored = stored(StatusCode::OK, "application/json", json);
        Self { stored, retry_after: None, replayed: false }
    }

    /// An error.
    pub(super) fn problem(problem: &Problem) -> Self {
        let retry_after = problem.retry_after_given();
        Self { stored: stored_problem(problem), retry_after, replayed: false }
    }

    /// An answer that was given before.
    pub(super) fn replayed(stored: StoredAnswer) -> Self {
        let is_problem = stored.content_type == problem::MEDIA_TYPE;
        let document: Option<Value> = serde_json::from_slice(&stored.body).ok().filter(|_| is_problem);
        let retry_after = document.and_then(|document| document["retry_after_ms"].as_u64()).map(Duration::from_millis);
        Self { stored, retry_after, replayed: true }
    }
}

/// The output as it is stored.
pub(super) fn stored_output(json: &str) -> StoredAnswer {
    stored(StatusCode::OK, "application/json", json.to_owned())
}

/// An error as it is stored.
pub(super) fn stored_problem(problem: &Problem) -> StoredAnswer {
    stored(problem.status(), problem::MEDIA_TYPE, problem.document().to_string())
}

fn stored(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> StoredAnswer {
    StoredAnswer { status: status.as_u16(), content_type: content_type.to_owned(), body: body.into() }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let StoredAnswer { status, content_type, body } = self.stored;
        let mut response = Response::new(Body::from(body));
        // What was stored was an answer once, so that the fallback is never needed.
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(content_type) = HeaderValue::from_str(&content_type) {
            headers.insert(CONTENT_TYPE, content_type);
        }
        if let Some(after) = self.retry_after {
            headers.insert(RETRY_AFTER, problem::seconds_rounded_up(after).into());
        }
        if self.replayed {
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
