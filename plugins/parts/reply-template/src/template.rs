//! A message with places, read and filled in.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::CharIndices;

use hookyard_key_path::{Path, PathProblem, Segment, compact};
use serde_json::value::RawValue;

use crate::value::Values;
use crate::{PLACES_MAX, TEMPLATE_BYTES_MAX, TEXT_CHARS_MAX};

/// A message with places: `Segue o boleto: {data[url]}`.
///
/// - A place is `{`, a key as of [`Path`], `}`. Blanks around the key do not count. `\` makes an ordinary character of a brace
///   within it, as of everything that has a meaning in a key.
/// - `{{` and `}}` outside of places are one brace each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place { path: Path, written: String },
}

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// At most [`TEXT_CHARS_MAX`] characters.
    pub text: String,
    /// The keys where nothing or `null` was found, as they are written in the template, each once.
    pub missing: Vec<String>,
    /// The text was longer.
    pub truncated: bool,
}

impl Template {
    /// Reads a template. The error is the first from the left.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError { problem: TemplateProblem::TemplateTooLong, column: 1 });
        }
        let mut reader = Reader { text, rest: text.char_indices().peekable(), column: 0 };
        let mut parts = Vec::new();
        let (mut literal, mut places) = (String::new(), 0);
        while let Some((start, character)) = reader.next() {
            match character {
                '{' | '}' if reader.rest.next_if(|(_, next)| *next == character).is_some() => {
                    reader.column += 1;
                    literal.push(character);
                }
                '}' => return Err(reader.error(TemplateProblem::UnmatchedBrace)),
                '{' => {
                    places += 1;
                    if places > PLACES_MAX {
                        return Err(reader.error(TemplateProblem::TooManyPlaces));
                    }
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(reader.place(start)?);
                }
                _ => literal.push(character),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The message for this response, which is `None` if it is no JSON. Strings stand in it as they are, all else as it is
    /// written in the response, without blanks between its parts. `instead` stands where nothing or `null` is found.
    pub fn render(&self, response: Option<&RawValue>, instead: &str) -> Rendered {
        let mut rendered = Rendered::default();
        let mut room = TEXT_CHARS_MAX;
        let mut values = response.map(Values::of);
        // A response can be large, and a template can have one place many times.
        let mut texts: BTreeMap<&Path, Option<String>> = BTreeMap::new();
        for part in &self.parts {
            let text = match part {
                Part::Text(text) => text.as_str(),
                Part::Place { path, written } => match texts
                    .entry(path)
                    .or_insert_with(|| values.as_mut().and_then(|values| shown(values.at(path)?)))
                {
                    Some(text) => text.as_str(),
                    None => {
                        if !rendered.missing.contains(written) {
                            rendered.missing.push(written.clone());
                        }
                        instead
                    }
                },
            };
            let end = text.char_indices().nth(room).map_or(text.len(), |(end, _)| end);
            rendered.truncated |= end < text.len();
            room -= text[..end].chars().count();
            rendered.text.push_str(&text[..end]);
        }
        rendered
    }
}

/// A value in a message, and no more of it than shows whether it is too long for one. A string with half a surrogate pair is no
/// text, so that nothing can be shown.
fn shown(value: &RawValue) -> Option<String> {
    let mut text: String = match value.get() {
        "null" => return None,
        text if text.starts_with('"') => serde_json::from_str(text).ok()?,
        _ => compact(value),
    };
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX + 1) {
        text.truncate(end);
        text.shrink_to_fit();
    }
    Some(text)
}

/// The characters that are still to be read.
struct Reader<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
    /// Of the last character that was read, counted from 1.
    column: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<(usize, char)> {
        let next = self.rest.next();
        self.column += usize::from(next.is_some());
        next
    }

    fn error(&self, problem: TemplateProblem) -> TemplateError {
        TemplateError { problem, column: self.column }
    }

    /// The place whose brace stands at the byte `open` and was read last.
    fn place(&mut self, open: usize) -> Result<Part, TemplateError> {
        let opened = self.column;
        let end = loop {
            match self.next() {
                None => return Err(TemplateError { problem: TemplateProblem::UnclosedBrace, column: opened }),
                Some((end, '}')) => break end,
                Some((_, '{')) => return Err(self.error(TemplateProblem::NestedBrace)),
                Some((_, '\\')) => {
                    self.next();
                }
                Some(_) => {}
            }
        };
        let inside = &self.text[open + 1..end];
        let path = Path::parse(inside).map_err(|error| TemplateError {
            problem: TemplateProblem::Path(error.problem),
            column: opened + error.column,
        })?;
        if path.segments().last() == Some(&Segment::Append) {
            return Err(TemplateError { problem: TemplateProblem::AppendNotAllowed, column: opened });
        }
        Ok(Part::Place { path, written: inside.trim().to_owned() })
    }
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct TemplateError {
    /// What is wrong.
    pub problem: TemplateProblem,
    /// Where: the character of the template, counted from 1.
    pub column: usize,
}

impl TemplateError {
    /// A word for programs: `unclosed_brace`.
    pub fn code(&self) -> &'static str {
        match self.problem {
            TemplateProblem::UnclosedBrace => "unclosed_brace",
            TemplateProblem::UnmatchedBrace => "unmatched_brace",
            TemplateProblem::NestedBrace => "nested_brace",
            TemplateProblem::AppendNotAllowed => "append_not_allowed",
            TemplateProblem::TemplateTooLong => "template_too_long",
            TemplateProblem::TooManyPlaces => "too_many_places",
            TemplateProblem::Path(problem) => problem.code(),
        }
    }
}

/// What can be wrong with a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    /// `{` without `}`.
    #[error("the brace is not closed; write `{{{{` for a brace")]
    UnclosedBrace,
    /// `}` without `{`.
    #[error("no brace is open here; write `}}}}` for a brace")]
    UnmatchedBrace,
    /// `{` between `{` and `}`.
    #[error("a place cannot hold another one; write `\\{{` if the brace belongs to a name")]
    NestedBrace,
    /// `[]` in a place.
    #[error("`[]` names no value; name the position, as in `[0]`")]
    AppendNotAllowed,
    /// It has more than [`TEMPLATE_BYTES_MAX`] bytes.
    #[error("the template has more than {TEMPLATE_BYTES_MAX} bytes")]
    TemplateTooLong,
    /// It has more than [`PLACES_MAX`] places.
    #[error("the template has more than {PLACES_MAX} places")]
    TooManyPlaces,
    /// What stands in a place is no key.
    #[error(transparent)]
    Path(PathProblem),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_template_is_refused_where_it_goes_wrong() {
        let rows = [
            ("{data[url]", "unclosed_brace", 1),
            ("é {a", "unclosed_brace", 3),
            ("{a\\}", "unclosed_brace", 1),
            ("data}", "unmatched_brace", 5),
            ("{{a}", "unmatched_brace", 4),
            ("{a}}", "unmatched_brace", 4),
            ("{a{b}", "nested_brace", 3),
            ("{a{{b}", "nested_brace", 3),
            ("{}", "empty_key", 2),
            ("{ }", "empty_key", 2),
            ("é {data[url}", "unclosed_bracket", 8),
            ("{a[b]c}", "text_after_bracket", 6),
            ("{a[]}", "append_not_allowed", 1),
            ("{a[][b]}", "append_not_last", 3),
        ];
        for (text, code, column) in rows {
            let error = Template::parse(text).expect_err(text);
            assert_eq!((error.code(), error.column), (code, column), "{text}");
        }
        assert_eq!(Template::parse(&"{a}".repeat(PLACES_MAX + 1)).expect_err("long").code(), "too_many_places");
        assert_eq!(Template::parse(&"a".repeat(TEMPLATE_BYTES_MAX + 1)).expect_err("long").code(), "template_too_long");
    }

    #[test]
    fn a_message_is_cut_between_characters() {
        let template = Template::parse("é{a}!").expect("a template");
        let render = |length: usize| {
            let json = format!("{{\"a\": {:?}}}", "ã".repeat(length));
            template.render(Some(serde_json::from_str(&json).expect("JSON")), "")
        };
        let whole = render(TEXT_CHARS_MAX - 2);
        assert_eq!((whole.text.chars().count(), whole.truncated), (TEXT_CHARS_MAX, false));
        let cut = render(TEXT_CHARS_MAX + 7);
        assert_eq!((cut.text.chars().count(), cut.truncated), (TEXT_CHARS_MAX, true));
        assert!(cut.text.ends_with('ã'));
    }

    #[test]
    fn a_value_at_many_places_is_the_same_at_each() {
        let template = Template::parse("{a[b]}{a}{a[b]}{a[c]}{a[c][d]}{a[1]}{a[b]}").expect("a template");
        let json = serde_json::from_str(r#"{"a": {"b": "x", "c": [], "b": 1.50}}"#).expect("JSON");
        let rendered = template.render(Some(json), "-");
        assert_eq!(rendered.text, r#"1.50{"b":"x","c":[],"b":1.50}1.50[]--1.50"#);
        assert_eq!(rendered.missing, ["a[c][d]", "a[1]"]);
    }

    #[test]
    fn braces_of_names_are_escaped_and_what_is_missing_is_named_once() {
        let template = Template::parse("{{{ \\{x\\} }}} {a[ b]} {a[ b]}");
        assert_eq!(template.expect_err("a blank").code(), "edge_space");
        let template = Template::parse("{{{ \\{x\\} }}} { y } { y }").expect("a template");
        let json = serde_json::from_str(r#"{"{x}": [1, {"b": 2.0}]}"#).expect("JSON");
        let rendered = template.render(Some(json), "-");
        assert_eq!(rendered.text, r#"{[1,{"b":2.0}]} - -"#);
        assert_eq!(rendered.missing, ["y"]);
    }
}
