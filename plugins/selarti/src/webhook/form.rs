//! Bodies of `application/x-www-form-urlencoded`, as the WHATWG URL Standard reads them.

use hookyard_sdk::Webhook;

/// Whether the webhook says that its body is a form.
pub(super) fn is_form(webhook: &Webhook) -> bool {
    let content_type = webhook.header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The fields, in their order. Every body is a form, if only one of a single field without a value.
pub(super) fn fields(body: &[u8]) -> impl Iterator<Item = (String, String)> {
    body.split(|byte| *byte == b'&').filter(|field| !field.is_empty()).map(|field| {
        let mut parts = field.splitn(2, |byte| *byte == b'=');
        let mut part = || decoded(parts.next().unwrap_or_default());
        (part(), part())
    })
}

/// A `%` that no two digits follow stands for itself; what is not UTF-8 is replaced.
fn decoded(encoded: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        let (byte, next) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, beyond @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, beyond),
                _ => (b'%', after),
            },
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = next;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let read: Vec<_> = fields(b"&a+b=%D0%B4%D0%B0&empty=&none&x=1=2&%=%zz%4&c=%F0%9F%98%80%0A&").collect();
        let pairs = [("a b", "да"), ("empty", ""), ("none", ""), ("x", "1=2"), ("%", "%zz%4"), ("c", "😀\n")];
        assert_eq!(read, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(fields(b"").count(), 0);
        assert_eq!(fields(b"a=%FF").next(), Some(("a".to_owned(), "\u{FFFD}".to_owned())));
    }

    #[test]
    fn the_content_type_says_what_is_a_form() {
        let with = |value: &str| Webhook {
            headers: vec![("content-type".to_owned(), value.to_owned())],
            ..Webhook::default()
        };
        assert!(is_form(&with("Application/X-WWW-Form-URLEncoded ; charset=utf-8")));
        assert!(!is_form(&with("application/json")) && !is_form(&Webhook::default()));
    }
}
