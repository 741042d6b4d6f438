//! Templates over a request: what a provider signs, and what a handshake answers.

use std::borrow::Cow;

use http::HeaderName;

use super::form;
use super::place::{header_name, json_pointer};
use super::request::{Reason, Request};
use crate::manifest::webhook::KeySource;

/// Text with `{…}` in it, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Stands for itself.
    Text(String),
    /// The body's bytes.
    Body,
    /// A header, which must occur once.
    Header(HeaderName),
    /// A part of the signature header, which must occur once.
    Part(String),
    /// The HTTP method.
    Method,
    /// `public_url`, then path and query as received.
    Url,
    /// The path of that URL.
    Path,
    /// A decoded query parameter, which must occur once.
    Query(String),
    /// The string at a JSON pointer, or any other value as written.
    Pointer(String),
    /// The time of signing as written.
    Timestamp,
    /// A form-encoded body, its parameters sorted.
    SortedForm,
}

/// What a template needs beside the request.
#[derive(Default)]
pub(crate) struct Surroundings<'a> {
    /// `public_url` without a slash at its end.
    pub(crate) public_url: Option<&'a str>,
    /// The parts of the signature header.
    pub(crate) parts: &'a [(&'a [u8], &'a [u8])],
    /// The time of signing as written.
    pub(crate) timestamp: Option<&'a [u8]>,
}

impl Template {
    /// The body and nothing else.
    pub(crate) fn body() -> Self {
        Self(vec![Piece::Body])
    }

    /// Reads a template; the error is a sentence for the author.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            let close = from.find('}').ok_or_else(|| format!("{from:?} has no closing brace"))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::parse(&from[1..close])?);
            rest = &from[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        if pieces.is_empty() { Err("the template is empty".to_owned()) } else { Ok(Self(pieces)) }
    }

    /// The pieces, in order.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// The bytes that the template stands for. A template that is just the body copies nothing.
    pub(crate) fn render<'w>(&self, request: &Request<'w>, around: &Surroundings<'_>) -> Result<Cow<'w, [u8]>, Reason> {
        if self.0 == [Piece::Body] {
            return Ok(Cow::Borrowed(&request.webhook.body));
        }
        let mut rendered = Vec::with_capacity(request.webhook.body.len() + 256);
        for piece in &self.0 {
            piece.render(request, around, &mut rendered)?;
        }
        Ok(Cow::Owned(rendered))
    }

    /// Whether every byte of a key's value is part of what this template signs.
    pub(crate) fn covers(&self, source: &KeySource) -> bool {
        self.0.iter().any(|piece| match (piece, source) {
            (Piece::Body, KeySource::Body(_) | KeySource::Form(_)) => true,
            (Piece::Pointer(signed), KeySource::Body(pointer)) => {
                pointer.strip_prefix(signed.as_str()).is_some_and(|below| below.is_empty() || below.starts_with('/'))
            }
            (Piece::Header(signed), KeySource::Header(name)) => signed.as_str().eq_ignore_ascii_case(name),
            _ => false,
        })
    }
}

impl Piece {
    fn parse(variable: &str) -> Result<Self, String> {
        let named = |name: &str| match name {
            "" => Err(format!("{{{variable}}} names nothing")),
            name => Ok(name.to_owned()),
        };
        match variable.split_once(':') {
            None => match variable {
                "body" => Ok(Self::Body),
                "method" => Ok(Self::Method),
                "url" => Ok(Self::Url),
                "path" => Ok(Self::Path),
                "timestamp" => Ok(Self::Timestamp),
                _ => Err(unknown(variable)),
            },
            Some(("header", name)) => header_name(name).map(Self::Header),
            Some(("part", name)) => named(name).map(Self::Part),
            Some(("query", name)) => named(name).map(Self::Query),
            Some(("body", pointer)) => json_pointer(pointer).map(Self::Pointer),
            Some(("form", "sorted")) => Ok(Self::SortedForm),
            Some(_) => Err(unknown(variable)),
        }
    }

    fn render(&self, request: &Request<'_>, around: &Surroundings<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
        let webhook = request.webhook;
        match self {
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Body => out.extend_from_slice(&webhook.body),
            Self::Header(name) => out.extend_from_slice(request.header(name)?),
            Self::Part(name) => out.extend_from_slice(part(around.parts, name)?),
            Self::Method => out.extend_from_slice(webhook.method.as_bytes()),
            Self::Url => {
                let public_url = around.public_url.ok_or("public_url is not configured")?;
                let prefix = format!("{public_url}/webhooks/{}{}", webhook.connection, webhook.path);
                out.extend_from_slice(prefix.as_bytes());
                if !webhook.query.is_empty() {
                    out.push(b'?');
                    out.extend_from_slice(webhook.query.as_bytes());
                }
            }
            Self::Path => {
                let base = around.public_url.map_or("", path_of);
                out.extend_from_slice(format!("{base}/webhooks/{}{}", webhook.connection, webhook.path).as_bytes());
            }
            Self::Query(name) => out.extend_from_slice(&request.query(name)?),
            Self::Pointer(pointer) => {
                let body = request.json().ok_or("the body is not JSON")?;
                out.extend_from_slice(body.text(pointer).ok_or("a member of the body is missing")?.as_bytes());
            }
            Self::Timestamp => out.extend_from_slice(around.timestamp.ok_or("there is no time of signing")?),
            Self::SortedForm => out.extend_from_slice(&form::sorted(request.form()?)),
        }
        Ok(())
    }
}

/// The value of a part that must occur exactly once.
pub(crate) fn part<'a>(parts: &[(&'a [u8], &'a [u8])], name: &str) -> Result<&'a [u8], Reason> {
    let mut values = parts.iter().filter(|(other, _)| *other == name.as_bytes());
    match (values.next(), values.next()) {
        (Some((_, value)), None) if !value.is_empty() => Ok(value),
        (Some(_), Some(_)) => Err("a part of the signature header occurs more than once"),
        _ => Err("a part of the signature header is missing"),
    }
}

/// `/base` of `https://example.com/base`.
fn path_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(url, |scheme| &url[scheme + 3..]);
    after_scheme.find('/').map_or("", |slash| &after_scheme[slash..])
}

fn unknown(variable: &str) -> String {
    format!(
        "{{{variable}}} is not known; there are {{body}} {{header:NAME}} {{part:NAME}} {{method}} {{url}} {{path}} \
         {{query:NAME}} {{body:/POINTER}} {{timestamp}} {{form:sorted}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_that_cannot_be_understood_is_refused() {
        for bad in
            ["", "{", "{body", "{nothing}", "{form:id}", "{header:}", "{header:a b}", "{body:x}", "{part:}", "{{body}}"]
        {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Template::parse("{body}"), Ok(Template::body()));
        assert_eq!(Template::parse("v0:{timestamp}:{body:/a}}").map(|t| t.0.len()), Ok(5));
    }

    #[test]
    fn a_key_is_covered_only_by_what_contains_it_whole() {
        let covers = |template: &str, source: KeySource| Template::parse(template).expect("valid").covers(&source);
        let body = |pointer: &str| KeySource::Body(pointer.to_owned());
        assert!(covers("v0:{body}", body("/a")));
        assert!(covers("{body:/a}", body("/a/b")));
        assert!(!covers("{body:/a}", body("/ab")));
        assert!(!covers("{body:/a/b}", body("/a")));
        assert!(!covers("{form:sorted}{url}", body("/a")));
        assert!(!covers("{body}", KeySource::Header("x-id".into())));
        assert!(covers("{header:X-Id}.{body}", KeySource::Header("x-ID".into())));
    }
}
