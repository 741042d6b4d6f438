//! Placeholders in the texts of guests: `hysec_` and 32 of `0-9a-f`.

use std::borrow::Cow;
use std::ops::Range;

use hookyard_domain::secret::Secret;

const PREFIX: &[u8] = b"hysec_";
const DIGITS: usize = 32;

/// A secret to be filled in.
pub(crate) struct Exposed(pub(crate) Secret);

impl AsRef<str> for Exposed {
    fn as_ref(&self) -> &str {
        self.0.expose()
    }
}

impl AsRef<[u8]> for Exposed {
    fn as_ref(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

/// The first thing in `text` that looks like a placeholder.
pub(crate) fn first(text: &[u8]) -> Option<&str> {
    let range = next(text, 0)?;
    std::str::from_utf8(&text[range]).ok()
}

/// Replaces each placeholder by what `text_of` says. Borrowed where there is none.
pub(crate) fn fill<'t, T: AsRef<[u8]>, E>(
    text: &'t [u8],
    mut text_of: impl FnMut(&str) -> Result<T, E>,
) -> Result<Cow<'t, [u8]>, E> {
    let mut filled = Vec::new();
    let mut done = 0;
    while let Some(range) = next(text, done) {
        filled.extend_from_slice(&text[done..range.start]);
        done = range.end;
        let placeholder = std::str::from_utf8(&text[range]).expect("a placeholder is ASCII");
        filled.extend_from_slice(text_of(placeholder)?.as_ref());
    }
    if done == 0 {
        return Ok(Cow::Borrowed(text));
    }
    filled.extend_from_slice(&text[done..]);
    Ok(Cow::Owned(filled))
}

/// As [`fill`], for a text that stays one.
pub(crate) fn fill_text<'t, T: AsRef<str>, E>(
    text: &'t str,
    mut text_of: impl FnMut(&str) -> Result<T, E>,
) -> Result<Cow<'t, str>, E> {
    let filled =
        fill(text.as_bytes(), |placeholder| text_of(placeholder).map(|text| text.as_ref().as_bytes().to_vec()))?;
    Ok(match filled {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).expect("texts within a text are a text")),
    })
}

fn next(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut start = from;
    while let Some(found) = text.get(start..)?.iter().position(|byte| *byte == PREFIX[0]) {
        start += found;
        let end = start + PREFIX.len() + DIGITS;
        if is_placeholder(text.get(start..end)?) {
            return Some(start..end);
        }
        start += 1;
    }
    None
}

fn is_placeholder(text: &[u8]) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|digits| digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "hysec_0123456789abcdef0123456789abcdef";

    fn filled(text: &str) -> String {
        let filled = fill_text(text, |placeholder| {
            assert_eq!(placeholder, A);
            Ok::<_, std::convert::Infallible>("X")
        });
        filled.expect("never fails").into_owned()
    }

    #[test]
    fn each_placeholder_is_replaced_wherever_it_stands() {
        assert_eq!(filled(&format!("{A}{A} and é{A}0")), "XX and éX0");
        assert_eq!(filled(&format!("hysec_hysec_{}{A}", &A[6..])), "hysec_XX");
    }

    #[test]
    fn what_only_resembles_one_stays() {
        for text in ["", "hysec_", &A[..37], &A.to_uppercase(), "hysec_0123456789abcdef0123456789abcdeg", "hhhh"] {
            assert_eq!(filled(text), text);
            assert_eq!(first(text.as_bytes()), None);
        }
        assert_eq!(first(format!("\u{0} {A}").as_bytes()), Some(A));
    }
}
