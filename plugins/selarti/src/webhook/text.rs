//! Texts and ids.

use std::borrow::Cow;

use hookyard_sdk::{RawValue, lenient};

/// A string, or a number as its digits are written; anything else, and an empty one, is none. A text that was cut within an emoji
/// has U+FFFD there.
pub(super) fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    let text = lenient::id(json).ok().flatten().or_else(|| lenient::text(json).ok().flatten());
    text.filter(|text| !text.is_empty())
}

/// The same without the blanks around it, and none if it was cut within a character.
pub(super) fn id(json: &RawValue) -> Option<Cow<'_, str>> {
    let trimmed = match lenient::id(json).ok().flatten()? {
        Cow::Borrowed(id) => Cow::Borrowed(id.trim()),
        Cow::Owned(id) => Cow::Owned(id.trim().to_owned()),
    };
    Some(trimmed).filter(|id| !id.is_empty())
}

/// An absolute `https:` URL. Links are shown to people: anything else, such as `javascript:`, is none.
pub(super) fn https_url(json: &RawValue) -> Option<Cow<'_, str>> {
    let url = id(json)?;
    let host = url.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    let usable = !host.is_empty() && !url.chars().any(|c| c.is_whitespace() || c.is_control());
    usable.then_some(url)
}
