//! From a definition to what is sent.

mod auth;
mod body;
mod headers;
mod scope;
mod url;

use crate::config::Config;
use crate::definition::{Encoding, Method, Request};
use crate::fields::Fields;
use crate::problem::Problems;

pub(crate) use auth::Authorization;
use scope::Scope;

/// GET has no body: its rows stay unsent.
const BODY_NOT_SENT: &str = "body-not-sent";
/// Whoever is on the way can read along.
const INSECURE_URL: &str = "insecure-url";
/// The headers say that a JSON body is a form.
const CONTENT_TYPE_MISMATCH: &str = "content-type-mismatch";

/// What is sent, with placeholders in the places of secrets.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) method: Method,
    pub(crate) url: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Comes into a header of its own when it is sent.
    pub(crate) authorization: Option<Authorization>,
    pub(crate) body: Option<String>,
    /// Words for what is odd.
    pub(crate) warnings: Vec<&'static str>,
}

/// Builds the request for a call with these fields, or, without any, only looks at its definition. What is wrong is added to
/// `problems`; there is something to send only if nothing is.
pub(crate) fn build(
    request: &Request,
    config: &Config,
    fields: Option<&Fields>,
    problems: &mut Problems,
) -> Option<Built> {
    let scope = Scope { config, fields };
    let url = url::build(request, &scope, problems);
    let mut headers = headers::build(request, &scope, problems);
    let body = body::build(request, &scope, problems);
    let authorization =
        request.auth.as_ref().and_then(|auth| auth::build(auth, url.as_ref().map(|url| &url.target), &scope, problems));
    let url = url?;
    if !problems.is_empty() {
        return None;
    }
    let mut warnings = Vec::new();
    if !url.target.is_secure() {
        warnings.push(INSECURE_URL);
    }
    let body = match (request.method, body) {
        (Method::Get, Some(_)) => {
            warnings.push(BODY_NOT_SENT);
            None
        }
        (_, body) => body,
    };
    if let (Some(_), Some(sent)) = (&body, &request.body) {
        let given =
            headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.to_ascii_lowercase());
        match (given, sent.encoding) {
            (Some(given), Encoding::Json) if given.starts_with(body::FORM) => warnings.push(CONTENT_TYPE_MISMATCH),
            (None, Encoding::Json) => headers.push(("content-type".to_owned(), body::JSON.to_owned())),
            (None, Encoding::Form) => headers.push(("content-type".to_owned(), body::FORM.to_owned())),
            (Some(_), _) | (None, Encoding::Raw) => {}
        }
    }
    Some(Built { method: request.method, url: url.text, headers, authorization, body, warnings })
}
