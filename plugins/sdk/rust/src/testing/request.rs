//! Whether a request can be right at all, and where its placeholders stand.

use url::Url;

use crate::http::{Error, Request};
use crate::manifest::Place;

/// Longest URL, in bytes.
const URL_BYTES_MAX: usize = 16 * 1024;
/// Headers of a request.
const HEADERS_MAX: usize = 100;
/// Bytes of their names and values.
const HEADERS_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a body.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The request's URL without its fragment. `invalid` if the real host would send nothing of the kind.
pub(super) fn check(request: &Request) -> Result<Url, Error> {
    let invalid = |why: String| Error::new("invalid", why);
    let token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
    let method = request.method.as_str();
    if !token(method) || method.bytes().any(|byte| byte.is_ascii_lowercase()) || ["CONNECT", "TRACE"].contains(&method)
    {
        return Err(invalid(format!("the host does not send {method:?}")));
    }
    for (name, value) in &request.headers {
        if !token(name) {
            return Err(invalid(format!("{name:?} is no name of a header")));
        }
        if !is_header_value(value) {
            return Err(invalid(format!(
                "the header {name} holds more than visible ASCII characters, blanks and tabs"
            )));
        }
    }
    let headers = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let sizes = [
        ("bytes in the URL", request.url.len(), URL_BYTES_MAX),
        ("headers", request.headers.len(), HEADERS_MAX),
        ("bytes in the headers", headers, HEADERS_BYTES_MAX),
        ("bytes in the body", request.body.as_ref().map_or(0, Vec::len), BODY_BYTES_MAX),
    ];
    if let Some((what, size, max)) = sizes.into_iter().find(|(_, size, max)| size > max) {
        return Err(invalid(format!("there are {size} {what}; at most {max} are sent")));
    }
    let mut url =
        Url::parse(&request.url).map_err(|error| invalid(format!("{:?} is no absolute URL: {error}", request.url)))?;
    url.set_fragment(None);
    Ok(url)
}

/// The parts of the request that can hold a placeholder, and the place of each; `None` where no secret may go.
pub(super) fn parts<'r>(request: &'r Request, url: &'r Url) -> Vec<(Option<Place>, &'r [u8])> {
    let mut parts = vec![(None, request.method.as_bytes())];
    parts.push((None, url[..url::Position::BeforePath].as_bytes()));
    // One by one: none of them may become another path.
    parts.extend(url.path().split('/').map(|segment| (Some(Place::Path), segment.as_bytes())));
    parts.push((Some(Place::Query), url.query().unwrap_or_default().as_bytes()));
    for (name, value) in &request.headers {
        parts.extend([(None, name.as_bytes()), (Some(Place::Header), value.as_bytes())]);
    }
    let body = request.body.as_deref().unwrap_or_default();
    let place = body_place(request).filter(|place| match place {
        Place::Json => serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok(),
        _ => std::str::from_utf8(body).is_ok(),
    });
    parts.push((place, body));
    parts
}

/// Whether this segment of a path, with the secret as it is, means another path to whoever reads it.
pub(super) fn means_another_path(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "" | "." | "..")
}

/// Visible ASCII, blanks and tabs: nothing that ends a line.
pub(super) fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

/// What the content-type says that the body is. Several of them, or none, say nothing.
fn body_place(request: &Request) -> Option<Place> {
    let mut types = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let (Some((_, only)), None) = (types.next(), types.next()) else { return None };
    let essence = only.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-www-form-urlencoded" => Some(Place::Form),
        "application/json" => Some(Place::Json),
        other if other.ends_with("+json") => Some(Place::Json),
        _ => None,
    }
}

/// What a token of HTTP is made of (RFC 9110, section 5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
