//! How secrets are written for the places they go to.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hookyard_domain::hex::hex;

/// The encoding that `secrets.derive` calls by this name.
pub(super) fn named(name: &str) -> Option<fn(&str) -> String> {
    Some(match name {
        "base64" => |text| STANDARD.encode(text),
        "base64url" => |text| URL_SAFE_NO_PAD.encode(text),
        "percent" => percent,
        "json-string" => json_string,
        "hex" => |text| hex(text.as_bytes()),
        _ => return None,
    })
}

/// Everything but the unreserved characters of RFC 3986 as `%XX`: right in queries, in forms and in paths.
pub(crate) fn percent(text: &str) -> String {
    percent_but(text, is_unreserved)
}

/// As a segment of a path, or a part of one: what RFC 3986 (section 3.3) calls `pchar` stays as it is, so that servers which
/// compare paths undecoded know a `:` again; everything else is `%XX`.
pub(crate) fn path_segment(text: &str) -> String {
    percent_but(text, |byte| is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte))
}

fn percent_but(text: &str, stays: impl Fn(u8) -> bool) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if stays(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
        encoded
    })
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// As between the quotes of a JSON string.
pub(crate) fn json_string(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_the_usual_one() {
        let text = "a+/ ü\"\n~";
        let rows = [
            ("base64", "YSsvIMO8Igp+"),
            ("base64url", "YSsvIMO8Igp-"),
            ("percent", "a%2B%2F%20%C3%BC%22%0A~"),
            ("json-string", "a+/ ü\\\"\\n~"),
            ("hex", "612b2f20c3bc220a7e"),
        ];
        for (name, expected) in rows {
            assert_eq!(named(name).expect("known")(text), expected, "{name}");
        }
        assert_eq!(named("base64").expect("known")("a"), "YQ==");
        assert_eq!(named("base64url").expect("known")("a"), "YQ");
        assert!(named("rot13").is_none());
    }

    #[test]
    fn a_segment_of_a_path_keeps_what_may_stand_in_one_and_nothing_else() {
        assert_eq!(path_segment("123456:AAE-x_y"), "123456:AAE-x_y");
        let kept = "AZaz09-._~!$&'()*+,;=:@";
        assert_eq!(path_segment(kept), kept);
        assert_eq!(path_segment("a/b?c#d%2f\\e\t[é]"), "a%2Fb%3Fc%23d%252f%5Ce%09%5B%C3%A9%5D");
        assert!((0..=u8::MAX).filter(u8::is_ascii).all(|byte| {
            let encoded = path_segment(&char::from(byte).to_string());
            encoded.len() == 1 || encoded == format!("%{byte:02X}")
        }));
    }
}
