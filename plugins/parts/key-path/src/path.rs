//! The key of a row, read.

mod parse;

use std::fmt;
use std::str::FromStr;

pub(crate) use parse::{Parsed, parse};

/// A step from a container to what is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// The member of an object with this name, which is not empty.
    Member(String),
    /// This position in an array, at most [`INDEX_MAX`](crate::INDEX_MAX).
    Index(usize),
    /// The end of an array; only as the last step.
    Append,
}

/// A key: `name`, `deal[name]`, `contacts[0][emails][0][email]`, `tags[]`, or, where the whole is an array, `[0][name]` or
/// `[]`.
///
/// - Blanks around the key do not count. A name may have blanks inside, but not at its ends (space, tab, no-break space).
/// - In brackets, a number without leading zeros is a position in an array; anything else is the name of a member. The name
///   before the first bracket is always a member's, also if it is a number.
/// - `\` makes an ordinary character of `[`, `]`, `\`, `{`, `}` and digits: `years[\2024]` is the member `2024` of `years`,
///   `filter\[x\]` one member.
/// - Nothing else means anything: not `.`, not `__proto__`, not the case of letters.
///
/// `Display` writes the shortest key that means the same; reading it gives an equal path. `[name]` and `name` are one path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    segments: Vec<Segment>,
}

impl Path {
    /// Reads a key. The error is the first from the left.
    pub fn parse(key: &str) -> Result<Self, PathError> {
        parse(key).map(|parsed| parsed.path)
    }

    /// The steps from the outermost container to the leaf; at least one, at most [`SEGMENTS_MAX`](crate::SEGMENTS_MAX).
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The name of a form's field: as `Display` writes the path, but without the escapes, which belong to the notation and not
    /// to the name that a server waits for.
    pub fn field_name(&self) -> String {
        self.written(|name, _| name.to_owned())
    }

    /// The path of a container on the way of another one.
    pub(crate) fn from_segments(segments: &[Segment]) -> Self {
        Self { segments: segments.to_vec() }
    }

    /// `name_of` gives the text of a member's name, and gets to know whether the name stands in brackets.
    fn written(&self, name_of: impl Fn(&str, bool) -> String) -> String {
        let mut text = String::new();
        for (nth, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Member(name) if nth == 0 => text.push_str(&name_of(name, false)),
                Segment::Member(name) => text.extend(["[", &name_of(name, true), "]"]),
                Segment::Index(index) => text.extend(["[", &index.to_string(), "]"]),
                Segment::Append => text.push_str("[]"),
            }
        }
        text
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(escaped))
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(key: &str) -> Result<Self, PathError> {
        Self::parse(key)
    }
}

fn escaped(name: &str, in_brackets: bool) -> String {
    let mut escaped = String::with_capacity(name.len());
    if in_brackets && is_index(name) {
        escaped.push('\\');
    }
    for character in name.chars() {
        if matches!(character, '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Whether the text between brackets is a position, were it without an escape: decimal digits without leading zeros.
fn is_index(text: &str) -> bool {
    let canonical = text == "0" || !text.starts_with('0');
    canonical && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct PathError {
    /// What is wrong.
    pub problem: PathProblem,
    /// Where: the character of the key as it was given, counted from 1.
    pub column: usize,
}

impl PathError {
    /// A word for programs: `unclosed_bracket`.
    pub fn code(&self) -> &'static str {
        self.problem.code()
    }
}

/// What can be wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathProblem {
    /// There is nothing in it.
    #[error("the key is empty")]
    EmptyKey,
    /// It has more than [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes.
    #[error("the key has more than {} bytes", crate::KEY_BYTES_MAX)]
    KeyTooLong,
    /// It has more than [`SEGMENTS_MAX`](crate::SEGMENTS_MAX) segments.
    #[error("the key has more than {} segments", crate::SEGMENTS_MAX)]
    TooDeep,
    /// A position is above [`INDEX_MAX`](crate::INDEX_MAX).
    #[error("the position is larger than {}; write a `\\` before its first digit if it is a name", crate::INDEX_MAX)]
    IndexTooLarge,
    /// A name begins or ends with a blank.
    #[error("a name begins or ends with a blank")]
    EdgeSpace,
    /// A name has a control character.
    #[error("a name has a control character")]
    ControlChar,
    /// `\` stands before something that it cannot make ordinary.
    #[error("`\\` may stand only before `[`, `]`, `\\`, `{{`, `}}` and a digit")]
    BadEscape,
    /// `[` without `]`.
    #[error("the bracket is not closed")]
    UnclosedBracket,
    /// `[` or `]` where none can stand.
    #[error("no bracket can stand here; write `\\` before it if it belongs to the name")]
    UnexpectedBracket,
    /// Something other than `[` follows a `]`.
    #[error("only `[` can follow a `]`")]
    TextAfterBracket,
    /// `[]` with more after it.
    #[error("`[]` can stand only at the end; name the position, as in `[0]`")]
    AppendNotLast,
}

impl PathProblem {
    /// A word for programs: `unclosed_bracket`.
    pub fn code(self) -> &'static str {
        match self {
            Self::EmptyKey => "empty_key",
            Self::KeyTooLong => "key_too_long",
            Self::TooDeep => "too_deep",
            Self::IndexTooLarge => "index_too_large",
            Self::EdgeSpace => "edge_space",
            Self::ControlChar => "control_char",
            Self::BadEscape => "bad_escape",
            Self::UnclosedBracket => "unclosed_bracket",
            Self::UnexpectedBracket => "unexpected_bracket",
            Self::TextAfterBracket => "text_after_bracket",
            Self::AppendNotLast => "append_not_last",
        }
    }
}
