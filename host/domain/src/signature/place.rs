//! Places of a request where a manifest may point at.

use std::borrow::Cow;

use http::HeaderName;

use super::request::{Reason, Request};
use crate::schema;

/// `header:N`, `query:N`, `path`, `body:/pointer` or `form:N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A header, which must occur once.
    Header(HeaderName),
    /// A query parameter, which must occur once.
    Query(String),
    /// The first path segment after the connection.
    Path,
    /// JSON pointer into the body.
    Body(String),
    /// A field of a form-encoded body, which must occur once.
    Form(String),
}

impl Place {
    /// Reads a place as manifests write it; the error is a sentence for the author.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "path" => Ok(Self::Path),
            Some(("header", name)) => header_name(name).map(Self::Header),
            Some(("query", name)) if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            Some(("form", name)) if !name.is_empty() => Ok(Self::Form(name.to_owned())),
            Some(("body", pointer)) => json_pointer(pointer).map(Self::Body),
            _ => Err(format!("{text:?} is no place: header:NAME, query:NAME, path, body:/POINTER or form:NAME")),
        }
    }

    /// What stands there: never empty, without blanks around it.
    pub(crate) fn read<'r>(&self, request: &'r Request<'_>) -> Result<Cow<'r, [u8]>, Reason> {
        let value = match self {
            Self::Header(name) => Cow::Borrowed(request.header(name)?),
            Self::Query(name) => Cow::Owned(request.query(name)?),
            Self::Path => Cow::Owned(request.first_segment()?),
            Self::Body(pointer) => {
                let body = request.json().ok_or("the body is not JSON")?;
                Cow::Owned(body.scalar(pointer).ok_or("a member of the body is missing")?.into_bytes())
            }
            Self::Form(name) => Cow::Borrowed(request.form_value(name)?),
        };
        if value.is_empty() { Err("a value is empty") } else { Ok(value) }
    }
}

/// A header's name in lower case; the error is a sentence for the author.
pub(crate) fn header_name(name: &str) -> Result<HeaderName, String> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is not a header name"))
}

/// A checked JSON pointer; the error is a sentence for the author.
pub(crate) fn json_pointer(pointer: &str) -> Result<String, String> {
    if schema::tokens(pointer).is_none() || pointer.contains(char::is_control) {
        return Err(format!("{pointer:?} is not a JSON pointer, such as /event/id"));
    }
    Ok(pointer.to_owned())
}
