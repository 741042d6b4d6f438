//! Texts as parts of a URL.

use std::fmt::Write as _;

use crate::Error;

/// `text` with every byte but the unreserved ones of RFC 3986 (`A-Z a-z 0-9 - . _ ~`) as `%XX`. It may stand in any part of a
/// URL. A path is better made of [`segment`]s, because of `.` and `..`.
pub fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    push_encoded(&mut encoded, text);
    encoded
}

/// `text` as one segment of a path: a `/` in it does not separate.
///
/// `invalid` with the code `path-segment-invalid` if it is empty, `.` or `..`: those mean another path, however they are
/// encoded.
pub fn segment(text: &str) -> Result<String, Error> {
    if matches!(text, "" | "." | "..") {
        return Err(Error::invalid("path-segment-invalid", format!("{text:?} cannot be a segment of a path")));
    }
    Ok(percent(text))
}

/// `name=value&…`, both encoded.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        push_encoded(&mut query, name);
        query.push('=');
        push_encoded(&mut query, value);
    }
    query
}

fn push_encoded(encoded: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("a string takes any text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_the_unreserved_is_encoded() {
        assert_eq!(percent("AZaz09-._~"), "AZaz09-._~");
        assert_eq!(percent("a b/c?d#e&f=g+h%i"), "a%20b%2Fc%3Fd%23e%26f%3Dg%2Bh%25i");
        assert_eq!(percent("é😀\n\""), "%C3%A9%F0%9F%98%80%0A%22");
    }

    #[test]
    fn a_segment_never_leaves_its_place() {
        assert_eq!(segment("LX/1..").expect("a segment"), "LX%2F1..");
        for other in ["", ".", ".."] {
            assert_eq!(segment(other).expect_err("no segment").code, "path-segment-invalid");
        }
    }

    #[test]
    fn a_query_joins_encoded_pairs() {
        assert_eq!(query([("a b", "1&2"), ("c", "")]), "a%20b=1%262&c=");
        assert_eq!(query([]), "");
    }
}
