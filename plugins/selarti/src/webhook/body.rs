//! From the bytes of a webhook to the members of its object.

use std::borrow::Cow;

use hookyard_sdk::{Error, RawValue, Webhook, json};
use serde::{Serialize, Serializer};

use super::dialog::FIELDS;
use super::form;
use super::members::Members;

/// Members that may hold the object. The manifest looks for the order key there as well.
const WRAPPERS: [&str; 3] = ["data", "body", "response"];

/// One JSON document: as it came, or made of a form.
pub(super) struct Body<'w>(Cow<'w, [u8]>);

impl<'w> Body<'w> {
    /// `invalid` if it is neither JSON nor a form. What begins like JSON is JSON, whatever its content type says.
    pub(super) fn of(webhook: &'w Webhook) -> Result<Self, Error> {
        let first = webhook.body.iter().find(|byte| !byte.is_ascii_whitespace());
        if form::is_form(webhook) && !matches!(first, Some(b'{' | b'[')) {
            return Ok(Self(Cow::Owned(json::to_vec(&Form(&webhook.body))?)));
        }
        webhook.json::<&RawValue>()?;
        Ok(Self(Cow::Borrowed(&webhook.body)))
    }

    /// Those of the object with the fields of a webhook: the body itself, the only element of a list, or what is in one of the
    /// wrappers. Members beside a wrapper follow its own. `None` if the body is something else.
    pub(super) fn members(&self) -> Result<Option<Members<'_>>, Error> {
        let document = only_element(json::parse(&self.0)?);
        let Some(mut members) = object(document)? else { return Ok(None) };
        if FIELDS.iter().any(|field| members.has(field)) {
            return Ok(Some(members));
        }
        for wrapper in WRAPPERS {
            let mut beside = members.clone();
            let Some(wrapped) = beside.take(wrapper) else { continue };
            if let Some(within) = object(only_element(wrapped))? {
                members = within.followed_by(beside);
                break;
            }
        }
        Ok(Some(members))
    }
}

/// The element of a list of one; anything else as it is.
fn only_element(json: &RawValue) -> &RawValue {
    let elements =
        if json.get().starts_with('[') { json::parse::<Vec<&RawValue>>(json.get().as_bytes()).ok() } else { None };
    match elements.as_deref() {
        Some([only]) => only,
        _ => json,
    }
}

fn object(json: &RawValue) -> Result<Option<Members<'_>>, Error> {
    if json.get().starts_with('{') { json::parse(json.get().as_bytes()).map(Some) } else { Ok(None) }
}

/// A form as an object of texts.
struct Form<'w>(&'w [u8]);

impl Serialize for Form<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(form::fields(self.0))
    }
}
