//! From the bytes of a webhook to the members of its object.

use std::borrow::Cow;

use hookyard_sdk::{Error, RawValue, Webhook, json};
use serde::{Serialize, Serializer};

use super::dialog::FIELDS;
use super::form;
use super::members::{Members, plain};

/// Members that may hold the object. The manifest looks for the order key there as well.
const WRAPPERS: [&str; 3] = ["data", "body", "response"];

/// An object with one of these is the webhook, whatever else is in it.
const CONVERSATION: [&str; 2] = ["external_chat_id", "thread_id"];

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

    /// The fields of the webhook: of the body itself, of the only element of a list, or of what is in one of the wrappers. `None` if
    /// the body is something else.
    pub(super) fn fields(&self) -> Result<Option<Fields<'_>>, Error> {
        let document = only_element(json::parse(&self.0)?);
        let Some(outer) = object(document)? else { return Ok(None) };
        if CONVERSATION.iter().any(|field| outer.has(field)) {
            return Ok(Some(Fields { members: outer, beside: Members::default() }));
        }
        for wrapper in WRAPPERS.into_iter().filter(|wrapper| outer.has(wrapper)) {
            let mut beside = outer.clone();
            let Some(wrapped) = beside.take(wrapper) else { continue };
            if let Some(inner) =
                object(only_element(wrapped))?.filter(|inner| FIELDS.iter().any(|field| inner.has(field)))
            {
                // `success` beside a wrapper speaks of the request; `wh_type` can mean only one thing.
                let is_field = |name: &str| name.contains('_') && FIELDS.contains(&plain(name).as_ref());
                let (fields, beside) = beside.parted(is_field);
                return Ok(Some(Fields { members: fields.followed_by(inner), beside }));
            }
        }
        Ok(Some(Fields { members: outer, beside: Members::default() }))
    }
}

/// What a webhook says.
pub(super) struct Fields<'b> {
    /// The members among which the fields are. Of two of one name, the later one counts.
    pub(super) members: Members<'b>,
    /// What stands around the object that holds them, and is none.
    pub(super) beside: Members<'b>,
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
