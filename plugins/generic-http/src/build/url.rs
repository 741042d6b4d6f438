//! The URL with what the call puts into it.

use std::collections::BTreeMap;

use hookyard_sdk::http;

use super::scope::{Resolved, Scope, missing};
use crate::definition::{OnMissingPart, OnMissingSegment, PathValue, Request};
use crate::problem::{Problems, escaped};
use crate::target::Target;

const BAD_URL: &str = "bad_url";

/// A URL and where it leads.
pub(super) struct Url {
    pub(super) target: Target,
    pub(super) text: String,
}

pub(super) fn build(request: &Request, scope: &Scope<'_>, problems: &mut Problems) -> Option<Url> {
    let segments = segments(request, scope, problems);
    let query = query(request, scope, problems);
    let target = match Target::parse(&request.url) {
        Ok(target) => target,
        Err(hint) => {
            problems.at("/url", BAD_URL, hint);
            return None;
        }
    };
    for name in request.path.keys().filter(|name| !target.names().any(|named| named == name.as_str())) {
        problems.at(format!("/path/{}", escaped(name)), BAD_URL, format!("the URL has no segment `/:{name}`"));
    }
    if let Some(name) = target.names().find(|name| !request.path.contains_key(*name)) {
        problems.at("/url", BAD_URL, format!("`path` says nothing of the segment `/:{name}`"));
    }
    let text = target.url(|name| segments.get(name).map(String::as_str), &query);
    Some(Url { target, text })
}

/// The texts of the named segments, encoded.
fn segments<'r>(request: &'r Request, scope: &Scope<'_>, problems: &mut Problems) -> BTreeMap<&'r str, String> {
    let mut segments = BTreeMap::new();
    for (name, value) in &request.path {
        let pointer = format!("/path/{}", escaped(name));
        let (resolved, on_missing) = match value {
            PathValue::Text { text } => {
                (Some(Resolved::Known { text: text.clone(), of_call: false }), OnMissingSegment::Fail)
            }
            PathValue::Field { field, on_missing } => (scope.field(field, &pointer, problems), *on_missing),
            PathValue::Secret { secret, prefix } => {
                // Encoding leaves a placeholder as it is; the host encodes what it puts there.
                (scope.secret(secret, prefix.as_deref(), &pointer, problems), OnMissingSegment::Fail)
            }
        };
        match resolved {
            Some(Resolved::Known { text, .. }) if text.is_empty() && on_missing == OnMissingSegment::Empty => {
                segments.insert(name.as_str(), String::new());
            }
            Some(Resolved::Known { text, of_call }) => match http::segment(&text) {
                Ok(segment) => {
                    segments.insert(name.as_str(), segment);
                }
                Err(error) => problems.push(of_call, pointer, BAD_URL, error.message),
            },
            Some(Resolved::Missing) if on_missing == OnMissingSegment::Fail => missing(&pointer, problems),
            Some(Resolved::Missing) => {
                segments.insert(name.as_str(), String::new());
            }
            Some(Resolved::Unknown) | None => {}
        }
    }
    segments
}

/// The pairs that are added to the query, encoded.
fn query(request: &Request, scope: &Scope<'_>, problems: &mut Problems) -> String {
    let mut pairs = Vec::new();
    for (nth, pair) in request.query.iter().enumerate() {
        let pointer = format!("/query/{nth}/value");
        match scope.resolve(&pair.value, &pointer, problems) {
            Some(Resolved::Known { text, .. }) => pairs.push((pair.name.as_str(), text)),
            Some(Resolved::Missing) => match pair.on_missing {
                OnMissingPart::Fail => missing(&pointer, problems),
                OnMissingPart::Omit => {}
                OnMissingPart::Empty => pairs.push((pair.name.as_str(), String::new())),
            },
            Some(Resolved::Unknown) | None => {}
        }
    }
    http::query(pairs.iter().map(|(name, value)| (*name, value.as_str())))
}
