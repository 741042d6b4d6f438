//! Reading single values out of a JSON body, without building or altering the document.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json;
use crate::limit;
use crate::schema;

/// A body that is one JSON document of at most [`limit::JSON_DEPTH_MAX`] levels. A byte order mark before it is skipped.
pub(crate) struct JsonBody<'b>(&'b str);

impl<'b> JsonBody<'b> {
    /// `None` if the bytes are not such a document.
    pub(crate) fn parse(bytes: &'b [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)).ok()?;
        if json::depth(text) > limit::JSON_DEPTH_MAX {
            return None;
        }
        serde_json::from_str::<&RawValue>(text).ok().map(|_| Self(text))
    }

    /// The JSON text at a pointer, as written. Nothing stands where a member on the way occurs twice: readers disagree
    /// about which of the two counts.
    pub(crate) fn at(&self, pointer: &str) -> Option<&'b str> {
        let tokens = schema::tokens(pointer)?;
        let mut json = serde_json::Deserializer::from_str(self.0);
        let found = Walk(&tokens).deserialize(&mut json).ok()??;
        Some(found.get())
    }

    /// The string at a pointer, unescaped, or the number with its digits as written.
    pub(crate) fn scalar(&self, pointer: &str) -> Option<String> {
        let text = self.at(pointer)?;
        match text.as_bytes().first()? {
            b'"' => serde_json::from_str(text).ok(),
            b'-' | b'0'..=b'9' => Some(text.to_owned()),
            _ => None,
        }
    }

    /// The content of a string at a pointer, or any other value as written: what goes into a template.
    pub(crate) fn text(&self, pointer: &str) -> Option<String> {
        let text = self.at(pointer)?;
        if text.starts_with('"') { serde_json::from_str(text).ok() } else { Some(text.to_owned()) }
    }
}

/// Follows the tokens of a pointer and skips everything else.
struct Walk<'t>(&'t [String]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            serde::Deserialize::deserialize(deserializer).map(Some)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

macro_rules! leads_nowhere {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(None)
        })*
    };
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (wanted, rest) = self.0.split_first().expect("a walk without tokens has arrived and visits nothing");
        let (mut found, mut occurrences) = (None, 0);
        while let Some(name) = members.next_key::<String>()? {
            if name == *wanted {
                occurrences += 1;
                found = members.next_value_seed(Walk(rest))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found.filter(|_| occurrences == 1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (wanted, rest) = self.0.split_first().expect("a walk without tokens has arrived and visits nothing");
        let wanted = index(wanted);
        let (mut found, mut at) = (None, 0);
        loop {
            if Some(at) == wanted {
                match items.next_element_seed(Walk(rest))? {
                    Some(value) => found = value,
                    None => return Ok(None),
                }
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(found);
            }
            at += 1;
        }
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    leads_nowhere!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

/// RFC 6901: digits without leading zeros.
fn index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if digits { token.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_strings_their_content() {
        let body = br#"{"a":{"b":[1,{"c":12345678901234567890.10}]},"s":"\u00e9\n","n":null,"t":true,"d/e~":0,"o":{ "x" : 1 }}"#;
        let body = JsonBody::parse(body).expect("JSON");
        assert_eq!(body.scalar("/a/b/1/c").as_deref(), Some("12345678901234567890.10"));
        assert_eq!(body.scalar("/s").as_deref(), Some("é\n"));
        assert_eq!(body.scalar("/d~1e~0").as_deref(), Some("0"));
        assert_eq!(body.at("/o"), Some(r#"{ "x" : 1 }"#));
        for nothing in ["/n", "/t", "/a", "/a/b/2", "/a/b/01", "/a/b/-", "/s/x", "/x", "a", "/a/b/1/c/d"] {
            assert_eq!(body.scalar(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn nothing_stands_at_a_member_that_occurs_twice() {
        let body = JsonBody::parse(br#"{"id":1,"id":2,"a":{"x":1},"a":{"y":2},"b":{"z":1,"z":1}}"#).expect("JSON");
        for pointer in ["/id", "/a/x", "/a/y", "/b/z"] {
            assert_eq!(body.scalar(pointer), None, "{pointer}");
        }
    }

    #[test]
    fn what_is_not_json_or_too_deep_has_no_values() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(JsonBody::parse(deep(limit::JSON_DEPTH_MAX).as_bytes()).is_some());
        for bad in [&*deep(limit::JSON_DEPTH_MAX + 1), &deep(500_000), "", "{", "{}x", "{\"a\":01}", "nul", "\u{feff}"]
        {
            assert!(JsonBody::parse(bad.as_bytes()).is_none(), "{bad:.20}");
        }
        assert!(JsonBody::parse(b"{\"a\":\"\xff\"}").is_none());
        assert!(JsonBody::parse("\u{feff}{\"a\":\"[[\\\"[\"}".as_bytes()).is_some());
    }
}
