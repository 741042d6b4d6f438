//! One key of hookyard.toml and its value, read into the type that it should have.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::document::Document;
use super::problem::Problem;
use super::suggest::unknown_key;
use super::text::Text;

/// A table of the file.
#[derive(Clone)]
pub(super) struct Section<'a> {
    document: &'a Document<'a>,
    /// Dotted path of the table; empty at the top.
    path: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn top(document: &'a Document<'a>, table: &'a DeTable<'a>) -> Self {
        Self { document, path: String::new(), span: 0..0, table }
    }

    /// The value of `key`, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<Entry<'a>> {
        let (key, value) = self.table.get_key_value(key)?;
        Some(self.entry(key, value))
    }

    /// All keys, in order of the alphabet.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'a>> {
        self.table.iter().map(|(key, value)| self.entry(key, value))
    }

    fn entry(
        &self,
        key: &'a toml::Spanned<std::borrow::Cow<'a, str>>,
        value: &'a toml::Spanned<DeValue<'a>>,
    ) -> Entry<'a> {
        let path =
            if self.path.is_empty() { key.get_ref().to_string() } else { format!("{}.{}", self.path, key.get_ref()) };
        Entry { document: self.document, key: key.get_ref(), path, span: key.span(), value: value.get_ref() }
    }

    /// Adds a problem for each key that is none of `known`.
    pub(super) fn refuse_unknown(&self, known: &[&str], problems: &mut Vec<Problem>) {
        for entry in self.entries().filter(|entry| !known.contains(&entry.key)) {
            problems.push(entry.problem(unknown_key(entry.key, known)));
        }
    }

    /// A problem with the table itself.
    pub(super) fn problem(&self, text: impl Into<String>) -> Problem {
        Problem::at(self.document.place(&self.span), Some(self.path.clone()), text)
    }
}

/// A key with its value.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) key: &'a str,
    /// The dotted path of the key.
    pub(super) path: String,
    /// Where the key stands.
    pub(super) span: Range<usize>,
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> Entry<'a> {
    /// A problem with this value.
    pub(super) fn problem(&self, text: impl Into<String>) -> Problem {
        Problem::at(self.document.place(&self.span), Some(self.path.clone()), text)
    }

    /// A string with its variables filled in.
    pub(super) fn text(&self, problems: &mut Vec<Problem>) -> Option<Text> {
        match self.value {
            DeValue::String(raw) => match Text::fill_in(raw, self.document) {
                Ok(text) => Some(text),
                Err(wrong) => {
                    problems.extend(wrong.into_iter().map(|text| self.problem(text)));
                    None
                }
            },
            other => self.wrong_type("a string", other, problems),
        }
    }

    /// A string that `parse` understands. `expected` says what it should be: "an address with a port".
    pub(super) fn parsed<T>(
        &self,
        expected: &str,
        problems: &mut Vec<Problem>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(problems)?;
        let parsed = parse(&text.value);
        if parsed.is_none() {
            problems.push(self.problem(format!("{} is not {expected}", text.shown())));
        }
        parsed
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, problems: &mut Vec<Problem>) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            other => self.wrong_type("true or false", other, problems),
        }
    }

    /// A whole number from 0 to `max`.
    pub(super) fn number(&self, max: u32, problems: &mut Vec<Problem>) -> Option<u32> {
        let DeValue::Integer(integer) = self.value else {
            return self.wrong_type("a whole number", self.value, problems);
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|number| *number <= max);
        if number.is_none() {
            problems.push(self.problem(format!("{integer} is not a whole number from 0 to {max}")));
        }
        number
    }

    /// A number with or without a fraction.
    pub(super) fn fraction(&self, problems: &mut Vec<Problem>) -> Option<f64> {
        match self.value {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok().map(f64::from),
            other => return self.wrong_type("a number", other, problems),
        }
        .or_else(|| {
            problems.push(self.problem("is not a number that is understood here"));
            None
        })
    }

    /// A table.
    pub(super) fn section(&self, problems: &mut Vec<Problem>) -> Option<Section<'a>> {
        match self.value {
            DeValue::Table(table) => {
                Some(Section { document: self.document, path: self.path.clone(), span: self.span.clone(), table })
            }
            other => self.wrong_type("a table", other, problems),
        }
    }

    /// A list of strings, each read by `parse`, whose error says what is wrong as words that follow the string.
    pub(super) fn list<T, E: std::fmt::Display>(
        &self,
        problems: &mut Vec<Problem>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let DeValue::Array(array) = self.value else {
            return self.wrong_type("a list of strings", self.value, problems);
        };
        let mut list = Vec::new();
        for (index, item) in array.iter().enumerate() {
            let item = Entry {
                path: format!("{}[{index}]", self.path),
                span: item.span(),
                value: item.get_ref(),
                ..self.clone()
            };
            let Some(text) = item.text(problems) else { continue };
            match parse(&text.value) {
                Ok(parsed) => list.push(parsed),
                Err(wrong) => problems.push(item.problem(format!("{} {wrong}", text.shown()))),
            }
        }
        Some(list)
    }

    fn wrong_type<T>(&self, expected: &str, found: &DeValue<'_>, problems: &mut Vec<Problem>) -> Option<T> {
        let article = if found.is_integer() || found.is_array() { "an" } else { "a" };
        problems.push(self.problem(format!("must be {expected}, not {article} {}", found.type_str())));
        None
    }
}
