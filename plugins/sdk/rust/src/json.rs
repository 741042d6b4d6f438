//! JSON from outside.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::Error;

/// Deepest nesting that [`parse`] accepts: a few levels less than what the host accepts of a guest (64), so that a provider's
/// document can still be put into an event as it is.
pub const DEPTH_MAX: usize = 60;

/// The code of [`parse`]'s error where the text is JSON, but `T` does not accept it.
pub const UNEXPECTED_SHAPE: &str = "unexpected-shape";

/// Longest part of a parser's message that is passed on, in bytes.
const MESSAGE_BYTES_MAX: usize = 200;

/// Parses one JSON document in UTF-8; a byte order mark before it is skipped.
///
/// The errors are `invalid`: `invalid-json` when it is no JSON or nests deeper than [`DEPTH_MAX`], [`UNEXPECTED_SHAPE`] when
/// `T` does not accept it.
pub fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if nests_deeper_than(bytes, DEPTH_MAX) {
        return Err(Error::invalid("invalid-json", format!("it nests deeper than {DEPTH_MAX} levels")));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        // A value of the wrong type ends the parsing, so that what follows it has not been looked at yet.
        let later = match error.classify() {
            Category::Data => serde_json::from_slice::<IgnoredAny>(bytes).err(),
            Category::Io | Category::Syntax | Category::Eof => None,
        };
        match (error.classify(), later) {
            (Category::Data, None) => Error::invalid(UNEXPECTED_SHAPE, shortened(&error)),
            (_, later) => Error::invalid("invalid-json", shortened(&later.unwrap_or(error))),
        }
    })
}

/// [`parse`] of what has to be an object: a struct would be read from an array, too, by the order of its fields. Anything else is
/// [`UNEXPECTED_SHAPE`].
pub fn object<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if !text.starts_with(b"{") {
        parse::<IgnoredAny>(bytes)?;
        return Err(Error::invalid(UNEXPECTED_SHAPE, "it is no object"));
    }
    parse(bytes)
}

/// A value as JSON, for what a plugin keeps. `failed` `not-serialisable` for what JSON cannot say: a map whose keys are no texts.
pub fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::failed("not-serialisable", shortened(&error)))
}

fn shortened(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
    message
}

/// Whether more than `max` arrays and objects stand open at once. Exact for valid JSON; for anything else the parser decides.
fn nests_deeper_than(bytes: &[u8], max: usize) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RawValue;

    #[test]
    fn the_text_of_a_document_is_kept_without_its_byte_order_mark() {
        let raw: &RawValue = parse(b"\xEF\xBB\xBF {\"b\": 1.50, \"a\":12345678901234567890123 }\n").expect("JSON");
        assert_eq!(raw.get(), "{\"b\": 1.50, \"a\":12345678901234567890123 }");
    }

    #[test]
    fn what_is_no_json_is_told_from_what_has_another_shape() {
        let code = |bytes: &[u8]| parse::<Vec<u8>>(bytes).expect_err("neither is a list of numbers").code;
        assert_eq!(code(b"{\"a\": }"), "invalid-json");
        assert_eq!(code(b"[1"), "invalid-json");
        assert_eq!(code(b""), "invalid-json");
        assert_eq!(code(b"[1] x"), "invalid-json");
        assert_eq!(code(b"{\"a\": 1}"), UNEXPECTED_SHAPE);
        let latin_1 = parse::<&RawValue>(b"{\"a\": \"\xE9\"}").expect_err("not UTF-8");
        assert_eq!(latin_1.code, "invalid-json");
    }

    #[test]
    fn an_object_is_read_from_an_object_only() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Point {
            x: u8,
        }
        assert_eq!(object::<Point>(b"\xEF\xBB\xBF\r\n {\"x\": 1}").expect("an object"), Point { x: 1 });
        for (text, code) in [
            ("[1]", UNEXPECTED_SHAPE),
            ("null", UNEXPECTED_SHAPE),
            ("{\"x\": \"1\"}", UNEXPECTED_SHAPE),
            ("[1", "invalid-json"),
            ("", "invalid-json"),
        ] {
            assert_eq!(object::<Point>(text.as_bytes()).expect_err("none").code, code, "{text:?}");
        }
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_strings_do_not_count() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse::<&RawValue>(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(parse::<&RawValue>(nested(DEPTH_MAX + 1).as_bytes()).is_err());
        let flat = format!("[{}\"{}\\\"[\"]", "[],".repeat(100), "[{".repeat(100));
        assert!(parse::<&RawValue>(flat.as_bytes()).is_ok());
        assert!(parse::<&RawValue>("[".repeat(1_000_000).as_bytes()).is_err());
    }
}
