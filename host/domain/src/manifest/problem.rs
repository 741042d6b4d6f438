//! What is wrong with a manifest, all of it at once.

use crate::limit;

/// One thing that is wrong with a manifest, or with webhook rules in a config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", if pointer.is_empty() { "/" } else { pointer })]
pub struct ManifestProblem {
    /// JSON pointer to it; empty for the document as a whole.
    pub pointer: String,
    /// What is wrong, and the way out. Holds no secret.
    pub message: String,
}

/// Collects problems, up to [`limit::VIOLATIONS_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<ManifestProblem>);

impl Problems {
    /// Notes a problem.
    pub(crate) fn at(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        if self.0.len() < limit::VIOLATIONS_MAX {
            self.0.push(ManifestProblem { pointer: pointer.into(), message: message.into() });
        }
    }

    /// The value, or its absence and a problem.
    pub(crate) fn accept<T>(&mut self, pointer: impl Into<String>, result: Result<T, impl ToString>) -> Option<T> {
        result.map_err(|error| self.at(pointer, error.to_string())).ok()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The value, if nothing is wrong.
    pub(crate) fn into_result<T>(self, value: T) -> Result<T, Vec<ManifestProblem>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}
