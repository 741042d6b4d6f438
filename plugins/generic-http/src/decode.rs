//! Bytes as text, where they are text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_sdk::{RawValue, json};

/// What bytes 0x80 to 0x9F are in windows-1252, which is what ISO-8859-1 means on the web (WHATWG, Encoding); bytes without a
/// character stand for themselves.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The bytes as text, without a byte order mark: UTF-8, or what the content type's `charset` says. Nothing, if they are none.
/// Of bytes that were cut, half a character at the end is left out.
pub(crate) fn text<'b>(bytes: &'b [u8], content_type: Option<&str>, is_cut: bool) -> Option<Cow<'b, str>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok().map(Cow::Borrowed)
        }
        Err(_) if is_latin_1(content_type?) => Some(Cow::Owned(bytes.iter().map(|byte| latin_1(*byte)).collect())),
        Err(_) => None,
    }
}

/// The text as JSON, if it is JSON of at most [`json::DEPTH_MAX`] levels, which is what an event can hold.
pub(crate) fn as_json(text: &str) -> Option<&RawValue> {
    json::parse(text.as_bytes()).ok()
}

/// In the standard alphabet, padded.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn is_latin_1(content_type: &str) -> bool {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.next().is_some_and(|(_, charset)| {
        let charset = charset.trim().trim_matches('"').to_ascii_lowercase();
        matches!(charset.as_str(), "iso-8859-1" | "latin1" | "windows-1252" | "cp1252" | "us-ascii")
    })
}

fn latin_1(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_it_was_written() {
        assert_eq!(text("\u{feff}ação".as_bytes(), None, false).as_deref(), Some("ação"));
        let latin = b"a\xe7\xe3o \x80";
        assert_eq!(text(latin, Some("text/html; Charset=\"ISO-8859-1\""), false).as_deref(), Some("ação €"));
        assert_eq!(text(latin, Some("text/html; charset=utf-8"), false), None);
        assert_eq!(text(latin, None, false), None);
        assert_eq!(text("é".as_bytes(), Some("text/html; charset=latin1"), false).as_deref(), Some("é"));
        assert_eq!(text(b"a\xc3", None, true).as_deref(), Some("a"));
        assert_eq!(text(b"a\xc3", None, false), None);
    }

    #[test]
    fn json_is_what_an_event_can_hold() {
        assert_eq!(as_json(" {\"a\": 1.50} ").map(RawValue::get), Some("{\"a\": 1.50}"));
        for other in ["", "<html>", "NaN", "{\"a\": Infinity}", &"[".repeat(500)] {
            assert!(as_json(other).is_none(), "{other}");
        }
        assert_eq!(base64(&[0xff, 0]), "/wA=");
    }
}
