//! Something that is wrong with the configuration.

use std::fmt;

/// One thing that is wrong, where it stands, and the way out. Never holds the value of a variable or of a file that a
/// variable names, because that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File and line; absent for what came from a variable or a flag.
    place: Option<Place>,
    /// The dotted key (`connections.shop-eu.plugin`), or the variable's name.
    key: Option<String>,
    text: String,
}

impl Problem {
    /// Something wrong with this key or variable, wherever it was set.
    pub(super) fn of(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { place: None, key: Some(key.into()), text: text.into() }
    }

    /// Something wrong at a place in a file.
    pub(super) fn at(place: Place, key: Option<String>, text: impl Into<String>) -> Self {
        Self { place: Some(place), key, text: text.into() }
    }
}

impl fmt::Display for Problem {
    /// `hookyard.toml:12: connections.shop-eu.plugin: what is wrong`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.text)
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// As the operator named it.
    pub(super) file: String,
    /// Counted from 1.
    pub(super) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Everything that is wrong, in the order of the file; what stands in no file comes last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place.as_ref().map_or(usize::MAX, |place| place.line));
        Self(problems)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    /// One line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
