//! Dedupe and order keys of a webhook.

use http::HeaderName;
use ring::digest;

use super::evidence::Evidence;
use super::json_body::JsonBody;
use super::request::Request;
use crate::hex::hex;
use crate::limit;
use crate::manifest::webhook::KeySource;

/// The key under which a second webhook is the same as this one.
///
/// It names the place beside the value, because providers number different things from 1. A value that the evidence does
/// not cover counts only together with the SHA-256 of the signed bytes: else whoever captured one request could send it
/// again under the ids of others, and those would be taken for repeats.
pub(super) fn dedupe(sources: &[KeySource], request: &Request<'_>, evidence: &[Evidence<'_>]) -> Option<String> {
    let (source, value) = first(sources, request)?;
    let place = match source {
        KeySource::Body(pointer) => format!("body:{pointer}"),
        KeySource::Header(name) => format!("header:{}", name.to_ascii_lowercase()),
        KeySource::Form(name) => format!("form:{name}"),
    };
    if evidence.iter().any(|evidence| evidence.covers(source)) {
        return Some(format!("{place}\n{value}"));
    }
    let signed = evidence.first().map_or(&[][..], Evidence::signed_bytes);
    Some(format!("sha256:{}\n{place}\n{value}", sha256(signed)))
}

/// The provider's own value in a [dedupe] key, for people.
///
/// [dedupe]: self::dedupe
pub(crate) fn dedupe_value(key: &str) -> &str {
    let is_hash = key.starts_with("sha256:");
    key.splitn(if is_hash { 3 } else { 2 }, '\n').last().unwrap_or(key)
}

/// The key whose webhooks are handled one after the other: the bare value, since actions of the same order key state it
/// likewise. It decides about no webhook's fate, so that it need not be covered.
pub(super) fn order(sources: &[KeySource], request: &Request<'_>) -> Option<String> {
    first(sources, request).map(|(_, value)| value)
}

/// The string or number at a pointer of a JSON document, as it counts for keys.
pub(crate) fn of_document(json: &str, pointer: &str) -> Option<String> {
    usable(JsonBody::parse(json.as_bytes())?.scalar(pointer)?)
}

/// The first present string or number, with its source.
fn first<'s>(sources: &'s [KeySource], request: &Request<'_>) -> Option<(&'s KeySource, String)> {
    sources.iter().find_map(|source| {
        let value = match source {
            KeySource::Body(pointer) => request.json()?.scalar(pointer),
            KeySource::Form(name) => {
                let value = request.form_value(name).ok()?;
                std::str::from_utf8(value).ok().map(str::to_owned)
            }
            KeySource::Header(name) => {
                let value = request.header(&HeaderName::from_bytes(name.as_bytes()).ok()?).ok()?;
                std::str::from_utf8(value).ok().map(str::to_owned)
            }
        };
        Some((source, usable(value?)?))
    })
}

/// An empty value would make all webhooks without one the same; an over-long one counts by its hash.
fn usable(value: String) -> Option<String> {
    match value.len() {
        0 => None,
        1..=limit::KEY_BYTES_MAX => Some(value),
        _ => Some(format!("sha256:{}", sha256(value.as_bytes()))),
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::dedupe_value;

    #[test]
    fn people_are_shown_what_the_provider_wrote() {
        assert_eq!(dedupe_value("body:/id\nd-1"), "d-1");
        assert_eq!(dedupe_value("header:x-id\ntwo\nlines"), "two\nlines");
        assert_eq!(dedupe_value("sha256:00ff\nheader:x-id\nd-1"), "d-1");
    }
}
