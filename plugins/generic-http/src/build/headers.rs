//! The headers of a request.

use super::scope::{Resolved, Scope, missing};
use crate::definition::{OnMissingPart, Request};
use crate::problem::Problems;

pub(super) const BAD_HEADER: &str = "bad_header";
/// Bytes of all names and values.
const HEADERS_BYTES_MAX: usize = 64 * 1024;
/// Headers that belong to the connection and not to the request.
const REFUSED: [&str; 8] =
    ["connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// Names in lower case, in their order.
pub(super) fn build(request: &Request, scope: &Scope<'_>, problems: &mut Problems) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (nth, header) in request.headers.iter().enumerate() {
        let name = header.name.to_ascii_lowercase();
        if let Err(detail) = check_name(&name, request) {
            problems.at(format!("/headers/{nth}/name"), BAD_HEADER, detail);
            continue;
        }
        let pointer = format!("/headers/{nth}/value");
        match scope.resolve(&header.value, &pointer, problems) {
            Some(Resolved::Known { text, of_call }) => {
                if is_value(&text) {
                    headers.push((name, text));
                } else {
                    problems.push(of_call, pointer, BAD_HEADER, NO_VALUE);
                }
            }
            Some(Resolved::Missing) => match header.on_missing {
                OnMissingPart::Fail => missing(&pointer, problems),
                OnMissingPart::Omit => {}
                OnMissingPart::Empty => headers.push((name, String::new())),
            },
            Some(Resolved::Unknown) | None => {}
        }
    }
    if headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > HEADERS_BYTES_MAX {
        problems.push(true, "/headers", BAD_HEADER, format!("the headers have more than {HEADERS_BYTES_MAX} bytes"));
    }
    headers
}

/// What is wrong with a value of a header.
pub(super) const NO_VALUE: &str = "a header can hold neither line breaks nor characters beyond ASCII";

/// Visible ASCII, blanks and tabs.
pub(super) fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

fn check_name(name: &str, request: &Request) -> Result<(), String> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) {
        return Err(format!("{name:?} is no name of a header"));
    }
    if REFUSED.contains(&name) || name.starts_with("proxy-") {
        return Err(format!("{name} is not for requests to set"));
    }
    if name == "authorization" && request.auth.is_some() {
        return Err("`auth` sets authorization already".to_owned());
    }
    Ok(())
}
