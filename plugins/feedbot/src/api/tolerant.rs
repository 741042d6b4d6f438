//! JSON as Feedbot's documentation prints it: with a comma behind the last element.

use hookyard_sdk::json;
use serde::de::DeserializeOwned;

/// An object, read as JSON, and if it is none, without the commas that stand before a closing bracket.
pub(super) fn object<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    json::object(bytes).ok().or_else(|| json::object(&without_trailing_commas(bytes)).ok())
}

/// Commas within strings stay.
fn without_trailing_commas(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' if !in_string && closes(&bytes[at + 1..]) => continue,
            _ => {}
        }
        kept.push(*byte);
    }
    kept
}

/// Whether a closing bracket is what comes next.
fn closes(rest: &[u8]) -> bool {
    matches!(rest.trim_ascii_start().first(), Some(b'}' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_comma_behind_the_last_element_is_overlooked() {
        let printed =
            b"{\n\"errorCode\":null,\n\"ids:\" : [\n\"wwFSlUQCEB6WQ8egk42n\",\n\"jks4Fjo2409i8dj13nff\",\n],\n}";
        let expected = json!({ "errorCode": null, "ids:": ["wwFSlUQCEB6WQ8egk42n", "jks4Fjo2409i8dj13nff"] });
        assert_eq!(object::<Value>(printed), Some(expected));
    }

    #[test]
    fn strings_stay_as_they_are() {
        for (text, expected) in [
            (r#"{"a": ",]", "b": "\",}\\",}"#, json!({ "a": ",]", "b": "\",}\\" })),
            (r#"{"a": ",]"}"#, json!({ "a": ",]" })),
        ] {
            assert_eq!(object::<Value>(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_no_object() {
        for text in ["", "<html>", "[1]", "{\"a\": 1,,}", "{,", "{\"a\" 1}", "null"] {
            assert_eq!(object::<Value>(text.as_bytes()), None, "{text}");
        }
    }
}
