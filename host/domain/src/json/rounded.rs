//! Numbers that do not survive being parsed.

use std::collections::BTreeMap;

use serde_json::Number;
use serde_json::value::RawValue;

use super::Decimal;
use crate::schema::escape;

/// A number that has another value once it is parsed.
#[derive(Debug, PartialEq, Eq)]
pub struct Rounded {
    /// JSON pointer to it.
    pub pointer: String,
    /// As it is written.
    pub digits: String,
}

/// The first number of a JSON text whose value a [`serde_json::Value`] does not hold: an integer beyond 64 bits, or more digits than a
/// float has. `None` for text that is not JSON: the parser says so. Follows the text down: bound its [`depth`](super::depth) before.
pub fn rounded(json: &str) -> Option<Rounded> {
    let raw: &RawValue = serde_json::from_str(json).ok()?;
    below(raw, "")
}

fn below(raw: &RawValue, pointer: &str) -> Option<Rounded> {
    let json = raw.get();
    match json.as_bytes().first()? {
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
            members.iter().find_map(|(name, value)| below(value, &format!("{pointer}/{}", escape(name))))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            items.iter().enumerate().find_map(|(index, item)| below(item, &format!("{pointer}/{index}")))
        }
        b'-' | b'0'..=b'9' if !is_exact(json) => Some(Rounded { pointer: pointer.to_owned(), digits: json.to_owned() }),
        _ => None,
    }
}

fn is_exact(number: &str) -> bool {
    let parsed = serde_json::from_str::<Number>(number);
    parsed.is_ok_and(|parsed| Decimal::of(&parsed.to_string()) == Decimal::of(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_rounded_is_found_where_it_stands() {
        for (json, pointer, digits) in [
            ("12345678901234567890123", "", "12345678901234567890123"),
            (r#"{"a": [1, {"b/c": 0.12345678901234567890}]}"#, "/a/1/b~1c", "0.12345678901234567890"),
            (r#"{"a": "1", "b": -18446744073709551617}"#, "/b", "-18446744073709551617"),
        ] {
            let expected = Rounded { pointer: pointer.to_owned(), digits: digits.to_owned() };
            assert_eq!(rounded(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn what_keeps_its_value_is_let_be_however_it_is_written() {
        for json in
            ["0", "-0", "-0.0", "1.10", "1e2", "18446744073709551615", "-9223372036854775808", "100000000000000000000"]
        {
            assert_eq!(rounded(json), None, "{json}");
        }
        assert_eq!(rounded(r#"{"a": ["12345678901234567890123", true, null, 0.1]}"#), None);
        assert_eq!(rounded("{"), None);
    }
}
