//! JSON bodies of the API.

use axum::body::Body;
use hookyard_domain::limit;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::app::App;
use super::problem::Problem;

impl App {
    /// Reads a JSON body into its type.
    ///
    /// # Errors
    /// 415 for another media type, 400 for what is not JSON, 422 for JSON of another shape, and what reading may bring.
    pub(crate) async fn read_json<T: DeserializeOwned>(&self, request: Request<Body>) -> Result<T, Problem> {
        check_is_json(request.headers())?;
        let held = self.read_body(request.into_body(), limit::API_BODY_BYTES_MAX).await?;
        parse(&held)
    }

    /// The same where nothing at all may be sent.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn read_json_or_nothing<T: DeserializeOwned + Default>(
        &self,
        request: Request<Body>,
    ) -> Result<T, Problem> {
        let (parts, body) = request.into_parts();
        let held = self.read_body(body, limit::API_BODY_BYTES_MAX).await?;
        if held.trim_ascii().is_empty() {
            return Ok(T::default());
        }
        check_is_json(&parts.headers)?;
        parse(&held)
    }

    /// Reads the body of a request that needs none: nothing, or an empty JSON object. Whoever says more means something that would
    /// not happen.
    ///
    /// # Errors
    /// 422 for an object that is not empty, else as above.
    pub(crate) async fn read_nothing(&self, request: Request<Body>) -> Result<(), Problem> {
        let Nothing {} = self.read_json_or_nothing(request).await?;
        Ok(())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// # Errors
/// 415 for another media type.
pub(super) fn check_is_json(headers: &HeaderMap) -> Result<(), Problem> {
    if is_json(headers) {
        return Ok(());
    }
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type");
    Err(problem.detail("send the body with Content-Type: application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => Problem::invalid("", "invalid", error.to_string()),
        Category::Io | Category::Syntax | Category::Eof => {
            Problem::new(StatusCode::BAD_REQUEST, "invalid-json").detail(format!("the body is not JSON: {error}"))
        }
    })
}

/// `application/json`, `application/*+json`, or nothing said.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        name: String,
    }

    #[test]
    fn what_is_not_json_and_what_is_of_another_shape_are_told_apart() {
        assert_eq!(parse::<Named>(b"{\"name\": \"ci\"}").unwrap().name, "ci");
        assert_eq!(parse::<Named>(b"{\"name\": ").unwrap_err().document()["code"], "invalid-json");
        assert_eq!(parse::<Named>(b"").unwrap_err().document()["status"], 400);
        let unknown = parse::<Named>(b"{\"name\": \"ci\", \"scope\": 1}").unwrap_err().document();
        assert_eq!((&unknown["status"], &unknown["code"]), (&422.into(), &"invalid-input".into()));
        assert!(unknown["detail"].as_str().unwrap().contains("scope"));
    }

    #[test]
    fn where_nothing_is_to_be_said_nothing_else_is_taken() {
        assert!(parse::<Nothing>(b"{}").is_ok());
        let more = parse::<Nothing>(b"{\"dry_run\": true}").unwrap_err().document();
        assert_eq!((&more["status"], &more["code"]), (&422.into(), &"invalid-input".into()));
    }

    #[test]
    fn only_json_is_taken() {
        let typed = |value: &str| HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
        assert!(is_json(&HeaderMap::new()));
        assert!(is_json(&typed("Application/JSON; charset=utf-8")));
        assert!(is_json(&typed("application/cloudevents+json")));
        assert!(!is_json(&typed("text/plain")));
        assert!(!is_json(&typed("application/x-www-form-urlencoded")));
    }
}
