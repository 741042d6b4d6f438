//! An event as templates see it: JSON that is read as far as it is looked at.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, Value};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::language::Mistake;
use super::number::{Digits, computable};
use super::source;
use crate::limit;

/// An event, in all ways of looking at it.
pub(super) struct Event {
    computing: Value,
    composing: Value,
}

/// What becomes of numbers.
#[derive(Debug, Clone, Copy)]
enum Look {
    /// They can be computed with and compared. One with which that would go wrong is an error as soon as it is looked up.
    Computing,
    /// The same, but that one only prints: for expressions that compare nothing.
    Composing,
    /// They keep their digits.
    Writing,
}

/// An object or a list of the event.
#[derive(Debug)]
pub(super) struct Part {
    json: Box<RawValue>,
    look: Look,
    content: OnceLock<Option<Content>>,
}

#[derive(Debug)]
enum Content {
    List(Vec<Value>),
    Map { members: Vec<(Arc<str>, Value)>, places: HashMap<Arc<str>, usize> },
}

impl Event {
    /// Reads a CloudEvent.
    pub(super) fn parse(json: &str) -> Result<Self, Mistake> {
        let raw: &RawValue =
            serde_json::from_str(json).map_err(|error| Mistake(format!("the event cannot be read: {error}")))?;
        let as_written = value(raw, Look::Writing);
        let context =
            |look| Value::from_pairs([(source::EVENT, value(raw, look)), (source::AS_WRITTEN, as_written.clone())]);
        Ok(Self { computing: context(Look::Computing), composing: context(Look::Composing) })
    }

    /// What templates are evaluated in. `only_composes`: they compare nothing ([`source::only_composes`]).
    pub(super) fn context(&self, only_composes: bool) -> Value {
        if only_composes { self.composing.clone() } else { self.computing.clone() }
    }
}

impl Part {
    /// As it stands in the event.
    pub(super) fn json(&self) -> &str {
        self.json.get()
    }

    fn content(&self) -> Option<&Content> {
        self.content.get_or_init(|| Content::parse(&self.json, self.look)).as_ref()
    }

    fn is_list(&self) -> bool {
        self.json().starts_with('[')
    }
}

impl Content {
    fn parse(json: &RawValue, look: Look) -> Option<Self> {
        if json.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(json.get()).ok()?;
            return Some(Self::List(items.into_iter().map(|item| value(item, look)).collect()));
        }
        let Members(all) = serde_json::from_str(json.get()).ok()?;
        let (mut members, mut places) = (Vec::with_capacity(all.len()), HashMap::with_capacity(all.len()));
        for (key, json) in all {
            let member: (Arc<str>, Value) = (key.into(), value(json, look));
            // Of two with one name the later one counts.
            match places.get(&member.0) {
                Some(place) => members[*place] = member,
                None => {
                    places.insert(Arc::clone(&member.0), members.len());
                    members.push(member);
                }
            }
        }
        Some(Self::Map { members, places })
    }
}

fn value(json: &RawValue, look: Look) -> Value {
    match json.get().as_bytes().first() {
        Some(b'{' | b'[') => Value::from_object(Part { json: json.to_owned(), look, content: OnceLock::new() }),
        Some(b'"') => serde_json::from_str::<String>(json.get()).map_or_else(|_| unreadable(), Value::from),
        Some(b't') => Value::from(true),
        Some(b'f') => Value::from(false),
        Some(b'n') => Value::from(()),
        _ => match look {
            Look::Computing => computable(json.get()).unwrap_or_else(|| beyond(json.get())),
            Look::Composing => computable(json.get()).unwrap_or_else(|| Digits::of(json.get())),
            Look::Writing => Digits::of(json.get()),
        },
    }
}

/// Stands for a number with which comparing or computing would go wrong without a word.
fn beyond(json: &str) -> Value {
    let shown = &json[..json.floor_char_boundary(limit::NUMBER_SHOWN_BYTES_MAX)];
    let message =
        format!("the number {shown} can be printed only: computing with it or comparing it would change its value");
    Value::from(Error::new(ErrorKind::InvalidOperation, message))
}

/// Stands for what JSON allows and a text cannot hold: half of a surrogate pair.
fn unreadable() -> Value {
    Value::from(Error::new(ErrorKind::InvalidOperation, "a string of the event is not Unicode"))
}

impl Object for Part {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.is_list() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.content() {
            Some(Content::List(items)) => items.get(key.as_usize()?).cloned(),
            Some(Content::Map { members, places }) => {
                places.get(key.as_str()?).and_then(|place| members.get(*place)).map(|(_, value)| value.clone())
            }
            None => Some(unreadable()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.content() {
            Some(Content::List(items)) => Enumerator::Seq(items.len()),
            Some(Content::Map { members, .. }) => {
                let keys: Vec<_> = members.iter().map(|(key, _)| Value::from(Arc::clone(key))).collect();
                Enumerator::Iter(Box::new(keys.into_iter()))
            }
            None => Enumerator::Iter(Box::new(std::iter::once(unreadable()))),
        }
    }

    /// What is written the same is the same, also where a number in it cannot be compared.
    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        (self.json() == other.json()).then_some(Ordering::Equal)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}

/// The members of an object, in order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}
