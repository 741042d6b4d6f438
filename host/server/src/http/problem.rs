//! The one place that turns errors into responses: `application/problem+json` (RFC 9457).

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use hookyard_domain::invocation::PluginError;
use hookyard_domain::limit;
use hookyard_store::StoreError;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::connections::Connection;

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// An error on its way to a client. `code` is what programs test.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem(Box<Content>);

#[derive(Debug, Clone, PartialEq)]
struct Content {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    errors: Vec<InputError>,
    /// Members of a plugin's own; they never replace those above.
    details: Map<String, Value>,
    retry_after: Option<Duration>,
    allow: Option<String>,
    challenge: bool,
}

/// What is wrong at one place of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct InputError {
    /// JSON pointer; `/name` for a query parameter.
    pub(crate) pointer: String,
    /// A stable word.
    pub(crate) code: String,
    /// A sentence.
    pub(crate) detail: String,
}

impl InputError {
    pub(crate) fn new(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: detail.into() }
    }
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Content {
            status,
            code: code.into(),
            detail: None,
            errors: Vec::new(),
            details: Map::new(),
            retry_after: None,
            allow: None,
            challenge: false,
        }))
    }

    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub(crate) fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn retry_after_given(&self) -> Option<Duration> {
        self.0.retry_after
    }

    pub(crate) fn code(&self) -> &str {
        &self.0.code
    }

    pub(crate) fn detail_given(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// There is nothing here.
    pub(crate) fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found").detail(detail)
    }

    /// 401 for the API: no or a wrong token; which of them is not said.
    pub(crate) fn no_token() -> Self {
        let mut problem = Self::unauthorized();
        problem.0.challenge = true;
        problem
    }

    /// 401 for a webhook whose origin is not proven; why is not said.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized")
    }

    /// `allow`: the value of the header, where it is not set by the router.
    pub(crate) fn method_not_allowed(allow: Option<String>) -> Self {
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
        problem.0.allow = allow;
        problem
    }

    /// More than `max` bytes.
    pub(crate) fn too_large(max: u64) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large").detail(format!("the body may have {max} bytes"))
    }

    /// 422 with everything that is wrong.
    pub(crate) fn invalid_input(errors: Vec<InputError>) -> Self {
        let detail = errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; ");
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").detail(detail);
        problem.0.errors = errors;
        problem
    }

    /// 422 with one thing that is wrong.
    pub(crate) fn invalid(pointer: &str, code: &str, detail: impl Into<String>) -> Self {
        Self::invalid_input(vec![InputError::new(pointer, code, detail)])
    }

    /// 503, to be tried again.
    pub(crate) fn unavailable(code: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code).detail(detail)
    }

    /// 503: the operator switched the connection off, or its configuration cannot be used; what is wrong with it is not said.
    pub(crate) fn not_ready(connection: &Connection) -> Self {
        let (code, why) = match connection.enabled {
            true => ("connection-invalid", "the connection's configuration cannot be used"),
            false => ("connection-disabled", "the connection is disabled"),
        };
        Self::unavailable(code, why).retry_after(limit::CONNECTION_RETRY_AFTER)
    }

    /// What a plugin said, with this status.
    pub(crate) fn of_plugin(status: StatusCode, error: PluginError) -> Self {
        let mut problem = Self::new(status, error.code).detail(error.message);
        problem.0.details = error.details;
        // These two have a meaning to every client, whatever a plugin takes them for.
        problem.0.details.remove("retry_after_ms");
        if !problem.0.details.get("errors").is_none_or(is_list_of_errors) {
            problem.0.details.remove("errors");
        }
        problem.0.retry_after = error.retry_after;
        if let Some(after) = error.retry_after {
            let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            problem.0.details.insert("retry_after_ms".to_owned(), millis.into());
        }
        problem
    }

    /// The document itself.
    pub(crate) fn document(&self) -> Value {
        let mut members = self.0.details.clone();
        members.insert("type".to_owned(), "about:blank".into());
        members.insert("title".to_owned(), self.0.status.canonical_reason().unwrap_or("Error").into());
        members.insert("status".to_owned(), self.0.status.as_u16().into());
        members.insert("code".to_owned(), self.0.code.as_ref().into());
        match &self.0.detail {
            Some(detail) => members.insert("detail".to_owned(), detail.as_ref().into()),
            None => members.remove("detail"),
        };
        if !self.0.errors.is_empty() {
            let errors = self.0.errors.iter().map(
                |error| serde_json::json!({ "pointer": error.pointer, "code": error.code, "detail": error.detail }),
            );
            members.insert("errors".to_owned(), errors.collect());
        }
        Value::Object(members)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the store is unavailable");
        let problem = match error {
            StoreError::Overloaded => Self::unavailable("overloaded", "too much waits for the store"),
            StoreError::Full(_) | StoreError::Damaged(_) | StoreError::Failed(_) | StoreError::Closed => {
                Self::unavailable("unavailable", "the host's store is unavailable; its log says why")
            }
        };
        problem.retry_after(limit::TRY_AGAIN_AFTER)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, self.document().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(after) = self.0.retry_after {
            headers.insert(RETRY_AFTER, seconds_rounded_up(after).into());
        }
        if let Some(allow) = self.0.allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
            headers.insert(ALLOW, allow);
        }
        if self.0.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// `[{"pointer": …, …}, …]`.
fn is_list_of_errors(errors: &Value) -> bool {
    errors.as_array().is_some_and(|errors| errors.iter().all(|error| error["pointer"].is_string()))
}

/// What `Retry-After` says.
pub(crate) fn seconds_rounded_up(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use hookyard_domain::invocation::ErrorKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_names_everything_that_is_wrong() {
        let problem = Problem::invalid_input(vec![
            InputError::new("/limit", "out-of-range", "limit is 1 to 1000"),
            InputError::new("/after", "invalid", "after is not an offset"),
        ]);
        assert_eq!(
            problem.document(),
            json!({
                "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "code": "invalid-input",
                "detail": "limit is 1 to 1000; after is not an offset",
                "errors": [
                    { "pointer": "/limit", "code": "out-of-range", "detail": "limit is 1 to 1000" },
                    { "pointer": "/after", "code": "invalid", "detail": "after is not an offset" },
                ],
            })
        );
    }

    #[test]
    fn a_plugin_adds_members_and_replaces_none() {
        let details = json!({ "http_status": 418, "status": 200, "type": "x", "errors": [{ "pointer": "/a" }] });
        let error = PluginError {
            kind: ErrorKind::Unavailable,
            code: "rate-limited".to_owned(),
            message: "the provider is busy".to_owned(),
            retry_after: Some(Duration::from_millis(1_001)),
            details: details.as_object().unwrap().clone(),
        };
        let problem = Problem::of_plugin(StatusCode::SERVICE_UNAVAILABLE, error);
        assert_eq!(
            problem.document(),
            json!({
                "type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "rate-limited",
                "detail": "the provider is busy", "retry_after_ms": 1001, "http_status": 418,
                "errors": [{ "pointer": "/a" }],
            })
        );
        let response = problem.into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2", "seconds, rounded up");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn a_401_says_nothing_but_that() {
        let response = Problem::no_token().into_response();
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
        let document = Problem::no_token().document();
        let expected = json!({ "type": "about:blank", "title": "Unauthorized", "status": 401, "code": "unauthorized" });
        assert_eq!(document, expected);
    }
}
