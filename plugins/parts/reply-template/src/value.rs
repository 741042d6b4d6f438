//! What stands somewhere in a JSON document, as it is written there.

use std::collections::BTreeMap;
use std::fmt;

use hookyard_key_path::{Path, Segment};
use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The value to which `path` leads; nothing if nothing is there, or if the path ends in `[]`. `null` is a value.
pub fn value_at<'a>(json: &'a RawValue, path: &Path) -> Option<&'a RawValue> {
    path.segments().iter().try_fold(json, step)
}

fn step<'a>(here: &'a RawValue, segment: &Segment) -> Option<&'a RawValue> {
    match segment {
        Segment::Member(name) => member(here, name),
        Segment::Index(index) => element(here, *index),
        Segment::Append => None,
    }
}

/// The values of one document, for several paths: what their ways have in common is read once.
pub(crate) struct Values<'a, 'p> {
    json: &'a RawValue,
    /// By the beginnings of the paths.
    found: BTreeMap<&'p [Segment], Option<&'a RawValue>>,
}

impl<'a, 'p> Values<'a, 'p> {
    pub(crate) fn of(json: &'a RawValue) -> Self {
        Self { json, found: BTreeMap::new() }
    }

    /// As [`value_at`].
    pub(crate) fn at(&mut self, path: &'p Path) -> Option<&'a RawValue> {
        let segments = path.segments();
        segments.iter().enumerate().try_fold(self.json, |here, (nth, segment)| {
            *self.found.entry(&segments[..=nth]).or_insert_with(|| step(here, segment))
        })
    }
}

/// The member of this name, if `json` is an object that has it. Of members with one name, the last one counts.
pub fn member<'a>(json: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    if !json.get().starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(json.get()).deserialize_map(Member(name)).ok().flatten()
}

/// The element at this position, counted from 0, if `json` is an array that has it.
pub fn element(json: &RawValue, index: usize) -> Option<&RawValue> {
    if !json.get().starts_with('[') {
        return None;
    }
    serde_json::Deserializer::from_str(json.get()).deserialize_seq(Element(index)).ok().flatten()
}

struct Member<'n>(&'n str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_it) = map.next_key_seed(Is(self.0))? {
            if is_it {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a name is this one; none is copied.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

struct Element(usize);

impl<'de> Visitor<'de> for Element {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        for position in 0_usize.. {
            if position == self.0 {
                found = seq.next_element()?;
            } else if seq.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(json: &str, key: &str) -> Option<String> {
        let json = serde_json::from_str(json).expect("JSON");
        value_at(json, &Path::parse(key).expect("a key")).map(|value| value.get().to_owned())
    }

    #[test]
    fn values_are_found_as_they_are_written() {
        let json = r#" {"a": {"b": [1.50, {"c" : null}]}, "é\n": "x", "2024": true} "#;
        let rows = [
            ("a[b][0]", Some("1.50")),
            ("a[b][1]", Some(r#"{"c" : null}"#)),
            ("a[b][1][c]", Some("null")),
            ("a[b][2]", None),
            ("a[b][x]", None),
            ("a[b][0][0]", None),
            ("a[0]", None),
            ("a[b][]", None),
            ("2024", Some("true")),
            ("é", None),
            ("[0]", None),
        ];
        for (key, value) in rows {
            assert_eq!(at(json, key).as_deref(), value, "{key}");
        }
        assert_eq!(at("[[1], [2, 3]]", "[1][1]").as_deref(), Some("3"));
    }

    #[test]
    fn of_members_with_one_name_the_last_counts() {
        assert_eq!(at(r#"{"a": 1, "\u0061": 2, "b": 3}"#, "a").as_deref(), Some("2"));
    }
}
