//! What a webhook is answered, on the wire.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hookyard_domain::limit;
use hookyard_sandbox::WebhookResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::problem::Problem;
use crate::pipeline::Answer;

/// The headers that a plugin may set: none that concern the host's other answers.
const PLUGIN_HEADERS: [HeaderName; 4] = [CONTENT_TYPE, CACHE_CONTROL, LOCATION, RETRY_AFTER];

/// An answer in the words of HTTP.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A response of the plugin or of the host.
    Response { status: StatusCode, headers: HeaderMap, body: Bytes },
    /// An error of the host or of the plugin.
    Problem(Problem),
}

impl Reply {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Response { status, .. } => *status,
            Self::Problem(problem) => problem.status(),
        }
    }

    /// The problem's code, if it is one.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Response { .. } => None,
            Self::Problem(problem) => Some(problem.code()),
        }
    }

    fn empty(status: StatusCode) -> Self {
        Self::Response { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    fn of_plugin(response: WebhookResponse) -> Self {
        // The pipeline lets pass only what is a final status; anything else would be its mistake.
        let Some(status) = StatusCode::from_u16(response.status).ok().filter(|status| status.as_u16() >= 200) else {
            return Self::Problem(Problem::unavailable(
                "invalid-response",
                "the plugin's response has no final status",
            ));
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &response.headers {
            let allowed = PLUGIN_HEADERS.iter().find(|allowed| allowed.as_str().eq_ignore_ascii_case(name));
            match (allowed, HeaderValue::from_str(value)) {
                (Some(name), Ok(value)) => {
                    headers.insert(name.clone(), value);
                }
                _ => tracing::debug!(header = name, "a plugin may not set this header, or not so"),
            }
        }
        Self::Response { status, headers, body: response.body }
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Problem(match answer {
            Answer::Handled(None) | Answer::Seen => return Self::empty(StatusCode::OK),
            Answer::Kept(_) => return Self::empty(StatusCode::ACCEPTED),
            Answer::Handled(Some(response)) | Answer::Declined(response) => return Self::of_plugin(response),
            Answer::Handshake(text) => {
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
                return Self::Response { status: StatusCode::OK, headers, body: text.into() };
            }
            Answer::Invalid(error) => Problem::of_plugin(StatusCode::BAD_REQUEST, error),
            Answer::Unauthorized => Problem::unauthorized(),
            Answer::UnsignedNotAllowed => {
                let detail = "no secret to verify webhooks with is configured";
                Problem::unavailable("unsigned-not-allowed", detail).retry_after(limit::CONNECTION_RETRY_AFTER)
            }
            Answer::MethodNotAllowed { allow } => Problem::method_not_allowed(Some(allow)),
            Answer::TooLarge => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Answer::Gone => super::webhooks::nothing_here(),
            Answer::TryAgain { code, detail, after } => Problem::unavailable(code, detail).retry_after(after),
        })
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            // No type is added to what has none: `Bytes` as such would become an octet stream.
            Self::Response { status, headers, body } => (status, headers, Body::from(body)).into_response(),
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn plugin(status: u16, headers: &[(&str, &str)]) -> WebhookResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        WebhookResponse { status, headers, body: Bytes::from_static(b"<Response/>") }
    }

    #[test]
    fn a_plugin_sets_four_headers_and_no_other() {
        let given = [
            ("Content-Type", "text/xml"),
            ("set-cookie", "a=b"),
            ("content-security-policy", "none"),
            ("location", "https://example.com/"),
            ("retry-after", "7"),
            ("cache-control", "no-store"),
            ("transfer-encoding", "chunked"),
        ];
        let response = Reply::from(Answer::Handled(Some(plugin(201, &given)))).into_response();
        assert_eq!(response.status(), 201);
        let mut names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["cache-control", "content-type", "location", "retry-after"]);
    }

    #[test]
    fn an_empty_answer_has_no_type() {
        let response = Reply::from(Answer::Seen).into_response();
        assert_eq!(response.headers().get(CONTENT_TYPE), None);
    }

    #[test]
    fn a_header_cannot_be_used_to_add_another() {
        let split = plugin(200, &[("location", "/a\r\nset-cookie: a=b")]);
        assert!(Reply::from(Answer::Handled(Some(split))).into_response().headers().get(LOCATION).is_none());
    }

    #[test]
    fn each_answer_has_its_status() {
        let after = Duration::from_millis(4_200);
        let again = Answer::TryAgain { code: "deadline".into(), detail: "slow".into(), after };
        for (answer, status, header) in [
            (Answer::Handled(None), 200, None),
            (Answer::Seen, 200, None),
            (Answer::Kept(None), 202, None),
            (Answer::Declined(plugin(302, &[("location", "/x")])), 302, Some(("location", "/x"))),
            (Answer::Handled(Some(plugin(101, &[]))), 503, None),
            (Answer::Handshake("c".into()), 200, Some(("content-type", "text/plain"))),
            (Answer::Unauthorized, 401, None),
            (Answer::UnsignedNotAllowed, 503, Some(("retry-after", "60"))),
            (Answer::MethodNotAllowed { allow: "POST, PUT".into() }, 405, Some(("allow", "POST, PUT"))),
            (Answer::TooLarge, 413, None),
            (Answer::Gone, 404, None),
            (again, 503, Some(("retry-after", "5"))),
        ] {
            let name = answer.outcome();
            let response = Reply::from(answer).into_response();
            assert_eq!(response.status(), status, "{name}");
            if let Some((header, value)) = header {
                assert_eq!(response.headers()[header], value, "{name}");
            }
        }
    }
}
