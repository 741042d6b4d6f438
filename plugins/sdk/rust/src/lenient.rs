//! Fields of a provider's JSON where absent, `null` and "of another type" mean the same: nothing. For `deserialize_with`:
//!
//! ```
//! use std::borrow::Cow;
//! use hookyard_sdk::lenient;
//!
//! #[derive(serde::Deserialize)]
//! struct Parcel<'a> {
//!     #[serde(default, borrow, deserialize_with = "lenient::id")]
//!     id: Option<Cow<'a, str>>,
//!     #[serde(default, borrow, deserialize_with = "lenient::text")]
//!     title: Option<Cow<'a, str>>,
//! }
//! let parcel: Parcel = serde_json::from_str(r#"{"id": 12345678901234567890123, "title": null}"#).unwrap();
//! assert_eq!((parcel.id.as_deref(), parcel.title), (Some("12345678901234567890123"), None));
//! ```

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::RawValue;

/// A string. Half a surrogate pair in it is read as U+FFFD: whoever cuts a text may cut it within an emoji, which is no reason to
/// lose the text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    let json = <&RawValue>::deserialize(deserializer)?.get();
    let mended = || json.starts_with('"').then(|| serde_json::from_str(&mended(json)).ok().map(Cow::Owned)).flatten();
    Ok(string(json).or_else(mended))
}

/// A string, or a number as its digits are written. A string with half a surrogate pair is none: two ids must not become one.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    let json = <&RawValue>::deserialize(deserializer)?.get();
    let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    Ok(if is_number { Some(Cow::Borrowed(json)) } else { string(json) })
}

/// `true` or `false`.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(serde_json::from_str(<&RawValue>::deserialize(deserializer)?.get()).ok())
}

/// A whole number of 64 bits.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(serde_json::from_str(<&RawValue>::deserialize(deserializer)?.get()).ok())
}

/// An object.
pub fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Object(PhantomData))
}

/// The last element of an array, as it is written.
pub fn last<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    deserializer.deserialize_any(Last)
}

/// An escape that stands for no character (half a surrogate pair) makes a string unreadable, hence nothing.
fn string(json: &str) -> Option<Cow<'_, str>> {
    let quoted = json.strip_prefix('"')?.strip_suffix('"')?;
    if quoted.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(quoted)) }
}

/// The JSON of a string with U+FFFD for each half of a surrogate pair.
fn mended(json: &str) -> String {
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        let (kept, length) = match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (escape.get(..12), 12),
            (Some(0xd800..=0xdfff), _) => (Some("\\ufffd"), 6),
            // The backslash with what it makes special; the digits of another `\u` are copied like any text.
            _ => (escape.get(..2), 2),
        };
        mended.extend([before, kept.unwrap_or_default()]);
        rest = escape.get(length..).unwrap_or_default();
    }
    mended.push_str(rest);
    mended
}

/// The code unit of an escape of the form `\uXXXX`.
fn code_unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// The visits of a value that is neither array nor object.
macro_rules! scalars_are_nothing {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = Option<T>;

    scalars_are_nothing!();

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

struct Last;

impl<'de> Visitor<'de> for Last {
    type Value = Option<&'de RawValue>;

    scalars_are_nothing!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut last = None;
        while let Some(element) = seq.next_element()? {
            last = Some(element);
        }
        Ok(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(default, borrow, deserialize_with = "text")]
        text: Option<Cow<'a, str>>,
        #[serde(default, borrow, deserialize_with = "id")]
        id: Option<Cow<'a, str>>,
        #[serde(default, deserialize_with = "flag")]
        flag: Option<bool>,
        #[serde(default, deserialize_with = "integer")]
        integer: Option<i64>,
        #[serde(default, borrow, deserialize_with = "object")]
        object: Option<Inside<'a>>,
        #[serde(default, borrow, deserialize_with = "last")]
        last: Option<&'a RawValue>,
    }

    #[derive(Deserialize)]
    struct Inside<'a> {
        #[serde(default, borrow, deserialize_with = "text")]
        text: Option<Cow<'a, str>>,
    }

    #[test]
    fn values_of_the_right_type_are_read() {
        let json = r#"{"text": "a\n\u00e9", "id": 1.50, "flag": false, "integer": -3, "object": {"text": "in", "x": [{}]},
                       "last": [1, {"b":1, "a":2.0}]}"#;
        let read: Outer = serde_json::from_str(json).expect("JSON");
        assert_eq!((read.text.as_deref(), read.id.as_deref()), (Some("a\né"), Some("1.50")));
        assert_eq!((read.flag, read.integer), (Some(false), Some(-3)));
        assert_eq!(read.object.and_then(|inside| inside.text).as_deref(), Some("in"));
        assert_eq!(read.last.map(RawValue::get), Some(r#"{"b":1, "a":2.0}"#));
    }

    #[test]
    fn every_other_type_is_nothing() {
        for other in ["null", "{\"a\": [1]}", "[[1], {}]", "true", "-1.5e3", "7", "\"x\"", "[]", "{}"] {
            let all = ["text", "id", "flag", "integer", "object", "last"];
            let json: Vec<_> = all.iter().map(|name| format!("\"{name}\": {other}")).collect();
            let json = format!("{{{}}}", json.join(", "));
            let read: Outer = serde_json::from_str(&json).expect("JSON");
            let first = other.as_bytes()[0];
            assert_eq!(read.text.is_some(), other == "\"x\"", "{other}");
            assert_eq!(read.id.is_some(), other == "\"x\"" || first == b'-' || first == b'7', "{other}");
            assert_eq!(read.flag.is_some(), other == "true", "{other}");
            assert_eq!(read.integer.is_some(), other == "7", "{other}");
            assert_eq!(read.object.is_some(), first == b'{', "{other}");
            assert_eq!(read.last.is_some(), other == "[[1], {}]", "{other}");
        }
    }

    #[test]
    fn half_a_character_makes_an_id_unreadable_and_not_a_text() {
        let json = r#"{"text": "\\ud83d \"\ud83d\ude00\ud83d\ud83d\ude00é\ude00\u00e9\ud83d", "id": "a\ude00"}"#;
        let read: Outer = serde_json::from_str(json).expect("JSON");
        let text = "\\ud83d \"\u{1F600}\u{FFFD}\u{1F600}é\u{FFFD}é\u{FFFD}";
        assert_eq!((read.text.as_deref(), read.id), (Some(text), None));
    }
}
