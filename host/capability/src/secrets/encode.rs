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
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => {
                encoded.push('%');
                encoded.push_str(&hex(&[byte]).to_ascii_uppercase());
            }
        }
        encoded
    })
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
}
