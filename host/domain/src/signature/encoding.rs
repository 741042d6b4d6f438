//! Signatures as text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::manifest::webhook::Encoding;

/// The bytes that a text stands for, read strictly; `None` if it does not.
pub(crate) fn decode(encoding: Encoding, text: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => hex(text),
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Base64url => {
            let unpadded = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
            URL_SAFE_NO_PAD.decode(unpadded).ok()
        }
    }
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.chunks_exact(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_read_strictly() {
        let cases: &[(Encoding, &str, Option<&[u8]>)] = &[
            (Encoding::Hex, "00fF", Some(b"\x00\xff")),
            (Encoding::Hex, "00f", None),
            (Encoding::Hex, "0g", None),
            (Encoding::Hex, "+1", None),
            (Encoding::Base64, "+/8=", Some(b"\xfb\xff")),
            (Encoding::Base64, "+/8", None),
            (Encoding::Base64, "+/9=", None),
            (Encoding::Base64, "-_8=", None),
            (Encoding::Base64, "+/8=\n", None),
            (Encoding::Base64url, "-_8=", Some(b"\xfb\xff")),
            (Encoding::Base64url, "-_8", Some(b"\xfb\xff")),
            (Encoding::Base64url, "+/8", None),
        ];
        for (encoding, text, expected) in cases {
            assert_eq!(decode(*encoding, text.as_bytes()).as_deref(), *expected, "{encoding:?} {text}");
        }
    }
}
