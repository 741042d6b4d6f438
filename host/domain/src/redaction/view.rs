//! A text as somebody would read it who decodes it.

use std::ops::Range;

/// Decoded bytes, and where in the text each of them comes from.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    origins: Vec<Origin>,
}

/// Where the escape begins that a byte comes from, and its length: an escape of escapes has less than 200 bytes, and a text
/// that is looked at, less than 4 GiB.
#[derive(Clone, Copy)]
struct Origin {
    start: u32,
    length: u8,
}

impl Origin {
    fn new(start: usize, length: usize) -> Self {
        let start = u32::try_from(start).expect("texts that are searched are bounded");
        Self { start, length: u8::try_from(length).expect("escapes are short") }
    }

    fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + usize::from(self.length)
    }
}

impl View {
    /// Percent-encoding undone, and `+` taken for a blank if `plus_is_blank`. `None` where there is none.
    pub(super) fn decoded(text: &[u8], plus_is_blank: bool) -> Option<Self> {
        let read = |rest: &[u8]| match rest {
            [b'%', high, low, ..] => Some(Escape::of_byte(digit(*high)? * 16 + digit(*low)?, 3)),
            [b'+', ..] if plus_is_blank => Some(Escape::of_byte(b' ', 1)),
            _ => None,
        };
        let may_hold = text.contains(&b'%') || (plus_is_blank && text.contains(&b'+'));
        may_hold.then(|| Self::read(text, read))
    }

    /// Escapes of JSON strings undone, and those of Rust's `Debug`. `None` where there are none.
    pub(super) fn unescaped(text: &[u8]) -> Option<Self> {
        text.contains(&b'\\').then(|| Self::read(text, escape))
    }

    /// Where in the text these decoded bytes come from.
    pub(super) fn origin(&self, decoded: Range<usize>) -> Range<usize> {
        let origins = &self.origins[decoded];
        origins.first().map_or(0, |first| first.range().start)..origins.last().map_or(0, |last| last.range().end)
    }

    /// This view of what is itself the view `outer`.
    pub(super) fn through(self, outer: &Self) -> Self {
        let origins = self.origins.into_iter().map(|origin| {
            let origin = outer.origin(origin.range());
            Origin::new(origin.start, origin.len())
        });
        Self { bytes: self.bytes, origins: origins.collect() }
    }

    /// `read` knows the escape at the beginning of the rest, if there is one.
    fn read(text: &[u8], read: impl Fn(&[u8]) -> Option<Escape>) -> Self {
        let mut view = Self { bytes: Vec::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
        let mut at = 0;
        while at < text.len() {
            let escape = read(&text[at..]).unwrap_or(Escape::of_byte(text[at], 1));
            let bytes = &escape.bytes[..escape.count];
            view.bytes.extend_from_slice(bytes);
            view.origins.extend(bytes.iter().map(|_| Origin::new(at, escape.length)));
            at += escape.length;
        }
        view
    }
}

/// What an escape stands for.
struct Escape {
    bytes: [u8; 4],
    /// How many of those bytes count.
    count: usize,
    /// The length of the escape itself.
    length: usize,
}

impl Escape {
    fn of_byte(byte: u8, length: usize) -> Self {
        Self { bytes: [byte, 0, 0, 0], count: 1, length }
    }

    fn of_letter(letter: char, length: usize) -> Self {
        let mut bytes = [0; 4];
        let count = letter.encode_utf8(&mut bytes).len();
        Self { bytes, count, length }
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// An escape of JSON or Rust: `\n`, `\/`, `\u00e9`, `\ud83d\ude00`, `\u{e9}`.
fn escape(text: &[u8]) -> Option<Escape> {
    let [b'\\', kind, rest @ ..] = text else { return None };
    let (letter, length) = match kind {
        b'"' | b'\\' | b'/' | b'\'' => (char::from(*kind), 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'0' => ('\0', 2),
        b'u' => unicode(rest)?,
        _ => return None,
    };
    Some(Escape::of_letter(letter, length))
}

/// What follows `\u`, and the length of the whole escape.
fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |number, byte| Some(number * 16 + char::from(*byte).to_digit(16)?))
    };
    if let [b'{', rest @ ..] = rest {
        let length = rest.iter().take(7).position(|byte| *byte == b'}')?;
        return Some((char::from_u32(number(&rest[..length])?)?, length + 4));
    }
    let first = number(rest.get(..4)?)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 6));
    }
    let second = rest.get(4..10)?.strip_prefix(b"\\u").and_then(number)?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let letter = char::decode_utf16(pair).next()?.ok()?;
    Some((letter, 12))
}
