//! The request under verification, read without altering a byte of it.

use std::cell::OnceCell;

use http::HeaderName;

use super::form::{self, Parameter};
use super::json_body::JsonBody;
use crate::limit;
use crate::webhook::UnverifiedWebhook;

/// Why a request is not verified: a phrase for logs, free of any value.
pub(crate) type Reason = &'static str;

/// An unverified webhook with its body parsed at most once, and only if a rule looks into it.
pub(crate) struct Request<'w> {
    pub(crate) webhook: &'w UnverifiedWebhook,
    json: OnceCell<Option<JsonBody<'w>>>,
    form: OnceCell<Vec<Parameter>>,
}

impl<'w> Request<'w> {
    pub(crate) fn new(webhook: &'w UnverifiedWebhook) -> Self {
        Self { webhook, json: OnceCell::new(), form: OnceCell::new() }
    }

    /// The body, if it is JSON.
    pub(crate) fn json(&self) -> Option<&JsonBody<'w>> {
        self.json.get_or_init(|| JsonBody::parse(&self.webhook.body)).as_ref()
    }

    /// The body's form parameters in order.
    pub(crate) fn form(&self) -> Result<&[Parameter], Reason> {
        let parameters = self.form.get_or_init(|| form::parse(&self.webhook.body));
        bounded(parameters)
    }

    /// The value of a header that must occur exactly once and not be empty, without blanks around it.
    pub(crate) fn header(&self, name: &HeaderName) -> Result<&'w [u8], Reason> {
        let mut values = self.webhook.headers.iter().filter(|(other, _)| other == name.as_str());
        let (_, value) = values.next().ok_or("a header is missing")?;
        if values.next().is_some() {
            return Err("a header occurs more than once");
        }
        match trim(value) {
            [] => Err("a header is empty"),
            value => Ok(value),
        }
    }

    /// Whether a header occurs at all.
    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.webhook.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// The decoded value of a query parameter that must occur exactly once and not be empty.
    pub(crate) fn query(&self, name: &str) -> Result<Vec<u8>, Reason> {
        let parameters = form::parse(self.webhook.query.as_bytes());
        once(bounded(&parameters)?, name).map(<[u8]>::to_vec)
    }

    /// Whether a query parameter occurs at all.
    pub(crate) fn has_query(&self, name: &str) -> bool {
        form::parse(self.webhook.query.as_bytes()).iter().any(|parameter| parameter.name == name.as_bytes())
    }

    /// The decoded value of a form parameter of the body that must occur exactly once and not be empty.
    pub(crate) fn form_value(&self, name: &str) -> Result<&[u8], Reason> {
        once(self.form()?, name)
    }

    /// The decoded first segment of the path after the connection.
    pub(crate) fn first_segment(&self) -> Result<Vec<u8>, Reason> {
        let segment = self.webhook.path.strip_prefix('/').and_then(|path| path.split('/').next());
        match segment {
            None | Some("") => Err("the path has no segment after the connection"),
            Some(segment) => Ok(form::decode(segment.as_bytes(), false)),
        }
    }
}

fn bounded(parameters: &[Parameter]) -> Result<&[Parameter], Reason> {
    if parameters.len() > limit::FORM_PARAMETERS_MAX { Err("there are too many parameters") } else { Ok(parameters) }
}

fn once<'p>(parameters: &'p [Parameter], name: &str) -> Result<&'p [u8], Reason> {
    let mut values = parameters.iter().filter(|parameter| parameter.name == name.as_bytes());
    let value = values.next().ok_or("a parameter is missing")?;
    if values.next().is_some() {
        return Err("a parameter occurs more than once");
    }
    if value.value.is_empty() { Err("a parameter is empty") } else { Ok(&value.value) }
}

/// Without spaces and tabs at both ends.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
