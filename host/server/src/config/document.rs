//! hookyard.toml as text with line numbers, and everything that is needed to fill its variables in.

use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeTable;

use super::Environment;
use super::problem::{Place, Problem};

/// The file while it is read.
pub(super) struct Document<'a> {
    /// How messages name it: as the operator named it.
    pub(super) name: String,
    /// The whole text.
    pub(super) text: &'a str,
    /// Relative paths start here.
    pub(super) directory: PathBuf,
    /// Where `${NAME}` is looked up.
    pub(super) environment: &'a Environment<'a>,
}

impl<'a> Document<'a> {
    /// The top-level table; `None` with a problem for each mistake in the TOML itself.
    pub(super) fn parse(&self, problems: &mut Vec<Problem>) -> Option<Spanned<DeTable<'a>>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        // Only the parser's own words are shown: its `Display` quotes the line, which may hold a secret.
        problems.extend(errors.iter().map(|error| {
            Problem::at(self.place(&error.span().unwrap_or(0..0)), None, format!("not TOML: {}", error.message()))
        }));
        errors.is_empty().then_some(table)
    }

    /// The line, counted from 1, on which `span` starts.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    /// File and line on which `span` starts.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        Place { file: self.name.clone(), line: self.line(span) }
    }
}
