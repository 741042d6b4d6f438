//! From the text of a key to its segments.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::PathProblem::{
    AppendNotLast, BadEscape, ControlChar, EdgeSpace, EmptyKey, IndexTooLarge, KeyTooLong, TextAfterBracket, TooDeep,
    UnclosedBracket, UnexpectedBracket,
};
use super::{Path, PathError, PathProblem, Segment, is_index};
use crate::{INDEX_MAX, KEY_BYTES_MAX, SEGMENTS_MAX};

/// A path, and the column at which each of its segments begins.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) path: Path,
    pub(crate) columns: Vec<usize>,
}

pub(crate) fn parse(key: &str) -> Result<Parsed, PathError> {
    let trimmed = key.trim_matches(is_around);
    let before = key.len() - key.trim_start_matches(is_around).len();
    let first = key[..before].chars().count() + 1;
    if trimmed.is_empty() {
        return Err(at(1, EmptyKey));
    }
    if trimmed.len() > KEY_BYTES_MAX {
        let fitting = trimmed.char_indices().take_while(|(start, c)| start + c.len_utf8() <= KEY_BYTES_MAX).count();
        return Err(at(first + fitting, KeyTooLong));
    }
    let characters: Vec<_> = trimmed.chars().enumerate().map(|(nth, character)| (first + nth, character)).collect();
    Reader { rest: characters.into_iter().peekable() }.path(first)
}

/// A blank that does not count around a key.
fn is_around(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn at(column: usize, problem: PathProblem) -> PathError {
    PathError { problem, column }
}

/// The characters that are still to be read, each with its column.
struct Reader {
    rest: Peekable<IntoIter<(usize, char)>>,
}

impl Reader {
    fn path(mut self, first: usize) -> Result<Parsed, PathError> {
        let (mut segments, mut columns) = (Vec::new(), Vec::new());
        if self.rest.peek().is_some_and(|(_, character)| *character != '[') {
            segments.push(Segment::Member(self.name(first)?.text));
            columns.push(first);
        }
        while let Some((column, character)) = self.rest.next() {
            match character {
                '[' => {}
                ']' => return Err(at(column, UnexpectedBracket)),
                _ => return Err(at(column, TextAfterBracket)),
            }
            if segments.last() == Some(&Segment::Append) {
                return Err(at(columns[columns.len() - 1], AppendNotLast));
            }
            if segments.len() == SEGMENTS_MAX {
                return Err(at(column, TooDeep));
            }
            segments.push(self.bracket(column)?);
            columns.push(column);
        }
        Ok(Parsed { path: Path { segments }, columns })
    }

    /// What follows a `[` that stands at `opened`, up to and with its `]`.
    fn bracket(&mut self, opened: usize) -> Result<Segment, PathError> {
        if self.rest.next_if(|(_, character)| *character == ']').is_some() {
            return Ok(Segment::Append);
        }
        let name = self.name(opened + 1)?;
        match self.rest.next() {
            Some((_, ']')) => {}
            Some((column, _)) => return Err(at(column, UnexpectedBracket)),
            None => return Err(at(opened, UnclosedBracket)),
        }
        if name.is_escaped || !is_index(&name.text) {
            return Ok(Segment::Member(name.text));
        }
        // A number beyond the range of `usize` is too large as well.
        match name.text.parse() {
            Ok(index) if index <= INDEX_MAX => Ok(Segment::Index(index)),
            _ => Err(at(opened + 1, IndexTooLarge)),
        }
    }

    /// The name that begins at `first`, up to a bracket or the end. It stops before a bracket: who called knows which may
    /// follow.
    fn name(&mut self, first: usize) -> Result<Name, PathError> {
        let mut name = Name { text: String::new(), is_escaped: false };
        let (mut last, mut tab) = (first, None);
        while let Some((column, character)) = self.rest.next_if(|(_, character)| !matches!(character, '[' | ']')) {
            last = column;
            match character {
                '\\' => name.text.push(self.escaped(column)?),
                // At an end of the name it is a blank like others.
                '\t' => {
                    tab.get_or_insert(column);
                    name.text.push(character);
                }
                '\u{0}'..='\u{1f}' | '\u{7f}' => return Err(at(column, ControlChar)),
                _ => name.text.push(character),
            }
            name.is_escaped |= character == '\\';
        }
        if name.text.is_empty() {
            // The end is reported by whoever opened the bracket.
            return match self.rest.peek() {
                Some((column, _)) => Err(at(*column, UnexpectedBracket)),
                None => Ok(name),
            };
        }
        let is_blank = |character| matches!(character, ' ' | '\t' | '\u{a0}');
        if name.text.starts_with(is_blank) {
            return Err(at(first, EdgeSpace));
        }
        if name.text.ends_with(is_blank) {
            return Err(at(last, EdgeSpace));
        }
        tab.map_or(Ok(name), |column| Err(at(column, ControlChar)))
    }

    /// The character that a `\` at `column` makes ordinary.
    fn escaped(&mut self, column: usize) -> Result<char, PathError> {
        let may_follow = |(_, character): &(usize, char)| matches!(character, '[' | ']' | '\\' | '{' | '}' | '0'..='9');
        self.rest.next_if(may_follow).map(|(_, character)| character).ok_or(at(column, BadEscape))
    }
}

/// A name without its escapes.
struct Name {
    text: String,
    is_escaped: bool,
}

#[cfg(test)]
mod tests {
    use super::Segment::{Append, Index};
    use super::*;

    fn member(name: &str) -> Segment {
        Segment::Member(name.to_owned())
    }

    #[test]
    fn keys_are_read_as_documented() {
        let rows = [
            ("name", vec![member("name")]),
            ("[name]", vec![member("name")]),
            ("2024", vec![member("2024")]),
            ("a[0][199]", vec![member("a"), Index(0), Index(199)]),
            ("a[01][-1][1e1][+1][00]", ["a", "01", "-1", "1e1", "+1", "00"].map(member).to_vec()),
            ("a[\\2024][20\\24]", vec![member("a"), member("2024"), member("2024")]),
            ("a[]", vec![member("a"), Append]),
            ("[]", vec![Append]),
            ("[0][]", vec![Index(0), Append]),
            ("filter\\[x\\]\\\\\\{\\}\\1", vec![member("filter[x]\\{}1")]),
            (" \t\r\na b.c[d  e]\n", vec![member("a b.c"), member("d  e")]),
            ("a[{b}]", vec![member("a"), member("{b}")]),
            ("ação[שם]", vec![member("ação"), member("שם")]),
        ];
        for (key, segments) in rows {
            assert_eq!(Path::parse(key).expect(key).segments(), segments, "{key:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_where_it_goes_wrong() {
        let long = "k".repeat(KEY_BYTES_MAX + 1);
        let wide = "é".repeat(KEY_BYTES_MAX / 2) + "x";
        let deep = format!("  a{}", "[b]".repeat(SEGMENTS_MAX));
        let rows = [
            ("", EmptyKey, 1),
            (" \t\r\n", EmptyKey, 1),
            (&long, KeyTooLong, KEY_BYTES_MAX + 1),
            (&wide, KeyTooLong, KEY_BYTES_MAX / 2 + 1),
            (&deep, TooDeep, 4 + 3 * (SEGMENTS_MAX - 1)),
            ("a[200]", IndexTooLarge, 3),
            ("a[99999999999999999999999999]", IndexTooLarge, 3),
            ("[2024]", IndexTooLarge, 2),
            ("deal [name]", EdgeSpace, 5),
            ("a[ 0 ]", EdgeSpace, 3),
            ("a[ ]", EdgeSpace, 3),
            ("a[x\u{a0}]", EdgeSpace, 4),
            ("\u{a0}a", EdgeSpace, 1),
            ("a[\tb]", EdgeSpace, 3),
            ("a[b\tc]", ControlChar, 4),
            ("a\u{0}b", ControlChar, 2),
            ("é\u{7f}", ControlChar, 2),
            ("a\nb", ControlChar, 2),
            ("a\\b", BadEscape, 2),
            ("a\\", BadEscape, 2),
            ("a[\\ ]", BadEscape, 3),
            ("deal[name", UnclosedBracket, 5),
            (" deal[name ", UnclosedBracket, 6),
            ("a[", UnclosedBracket, 2),
            ("[", UnclosedBracket, 1),
            ("deal]", UnexpectedBracket, 5),
            ("]", UnexpectedBracket, 1),
            ("deal[[name]]", UnexpectedBracket, 6),
            ("deal[na[me]", UnexpectedBracket, 8),
            ("deal[name]]", UnexpectedBracket, 11),
            ("deal[name]x", TextAfterBracket, 11),
            ("deal[name] [x]", TextAfterBracket, 11),
            ("c[][name]", AppendNotLast, 2),
            ("[][]", AppendNotLast, 1),
        ];
        for (key, problem, column) in rows {
            assert_eq!(Path::parse(key), Err(PathError { problem, column }), "{key:?}");
        }
    }

    #[test]
    fn the_bounds_themselves_are_allowed() {
        let deep = format!("a{}", "[b]".repeat(SEGMENTS_MAX - 1));
        for key in [&*"k".repeat(KEY_BYTES_MAX), &deep, &format!("{:300}a", ""), "a[199]"] {
            assert!(Path::parse(key).is_ok(), "{key:?}");
        }
    }

    #[test]
    fn a_path_is_written_as_it_is_read() {
        let rows = [
            ("[name]", "name"),
            ("[\\1]", "1"),
            (" a[\\1\\2] ", "a[\\12]"),
            ("\\{a\\}[\\[x\\]]", "{a}[\\[x\\]]"),
            ("a[01][0][]", "a[01][0][]"),
        ];
        for (key, written) in rows {
            let path = Path::parse(key).expect(key);
            assert_eq!(path.to_string(), written);
            assert_eq!(Path::parse(written), Ok(path));
        }
        let path = Path::parse("filter\\[x\\][\\7][0][]").expect("a key");
        assert_eq!(path.field_name(), "filter[x][7][0][]");
    }
}
