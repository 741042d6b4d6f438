//! The members of one object of a document, each as its type, and everything that is wrong with them.

use std::ops::RangeInclusive;

use hookyard_domain::{limit, schema};
use serde_json::{Map, Value};

use super::{FILTER_VALUE_BYTES_MAX, UNKNOWN_MEMBER};
use crate::config::unknown_key;
use crate::http::problem::InputError;

/// An object, where it stands, and the list of what is wrong. A member that is `null` counts as left out.
pub(super) struct Members<'a> {
    pointer: String,
    members: &'a Map<String, Value>,
    wrong: &'a mut Vec<InputError>,
}

impl<'a> Members<'a> {
    /// The whole document.
    pub(super) fn top(members: &'a Map<String, Value>, wrong: &'a mut Vec<InputError>) -> Self {
        Self { pointer: String::new(), members, wrong }
    }

    /// Notes that a member is wrong, or something below it.
    pub(super) fn wrong(&mut self, name: &str, code: &str, detail: impl Into<String>) {
        self.wrong.push(InputError::new(format!("{}/{name}", self.pointer), code, detail));
    }

    /// Notes that the object itself is wrong.
    pub(super) fn wrong_here(&mut self, code: &str, detail: impl Into<String>) {
        self.wrong.push(InputError::new(self.pointer.clone(), code, detail));
    }

    /// Notes members that are not `known`, unless it was said already that they are wrong.
    pub(super) fn refuse_unknown(&mut self, known: &[&str]) {
        let noted = |name: &str| format!("{}/{}", self.pointer, schema::escape(name));
        let is_noted = |name: &str| self.wrong.iter().any(|error| error.pointer == noted(name));
        let unknown = self.members.keys().filter(|name| !known.contains(&name.as_str()) && !is_noted(name));
        for name in unknown.collect::<Vec<_>>() {
            self.wrong(&schema::escape(name), UNKNOWN_MEMBER, format!("{name:?}: {}", unknown_key(name, known)));
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn boolean(&mut self, name: &str, default: bool) -> bool {
        match self.get(name) {
            None => default,
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                self.wrong(name, "type", format!("{name} is true or false"));
                default
            }
        }
    }

    pub(super) fn number(&mut self, name: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.get(name)?;
        let number =
            value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(name, "invalid", format!("{name} is a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.wrong(name, "type", format!("{name} is a text"));
                None
            }
        }
    }

    /// A text in its type.
    pub(super) fn parsed<T: std::str::FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|error: T::Err| self.wrong(name, "invalid", error.to_string())).ok()
    }

    /// An object below this one.
    pub(super) fn object(&mut self, name: &str, expected: &str) -> Option<Members<'_>> {
        let pointer = format!("{}/{name}", self.pointer);
        match self.get(name) {
            Some(Value::Object(members)) => return Some(Members { pointer, members, wrong: self.wrong }),
            Some(_) => self.wrong(name, "type", format!("{name} is {expected}")),
            None => self.wrong(name, "required", format!("{name} is required: {expected}")),
        }
        None
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.members.iter()
    }

    /// A list of texts, each with its place in the list; none, where it is left out.
    pub(super) fn texts(&mut self, name: &str) -> Vec<(usize, String)> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let Value::Array(items) = value else {
            self.wrong(name, "type", format!("{name} is a list of texts"));
            return Vec::new();
        };
        let max = limit::SUBSCRIPTION_FILTER_VALUES_MAX;
        if items.len() > max {
            self.wrong(name, "too-many", format!("{name} has {} values, more than {max}", items.len()));
            return Vec::new();
        }
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = format!("{name}/{index}");
            match item.as_str() {
                Some(text) if text.len() > FILTER_VALUE_BYTES_MAX => {
                    self.wrong(
                        &place,
                        "too-large",
                        format!("a value of {name} has at most {FILTER_VALUE_BYTES_MAX} bytes"),
                    );
                }
                Some(text) => texts.push((index, text.to_owned())),
                None => self.wrong(&place, "type", format!("{name} is a list of texts")),
            }
        }
        texts
    }

    /// One text, or a list of them.
    pub(super) fn text_or_texts(&mut self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Value::String(text)) if text.len() <= FILTER_VALUE_BYTES_MAX => vec![text.clone()],
            Some(Value::String(_)) => {
                self.wrong(name, "too-large", format!("{name} has more than {FILTER_VALUE_BYTES_MAX} bytes"));
                Vec::new()
            }
            _ => self.texts(name).into_iter().map(|(_, text)| text).collect(),
        }
    }
}
