//! What is wrong with a row.

use std::fmt;

use crate::{PathError, PathProblem, ROWS_MAX, ValueError};

/// The first thing that is wrong with a row. Displayed, it names the row and the column as people count them: `row 1, column 5:
/// the bracket is not closed, in "deal[name"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The row, counted from 0.
    pub row: usize,
    /// Its key as it was given.
    pub key: String,
    /// What is wrong.
    pub problem: RowProblem,
}

/// What can be wrong with a row. Columns are characters of the key as it was given, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// The key is none.
    #[error("{}", .0.problem)]
    Key(PathError),
    /// The value does not fit its type.
    #[error(transparent)]
    Value(ValueError),
    /// Rows before make something else of what the segment at this column goes into: a value or an object where this needs an
    /// array, and so on.
    #[error("rows before make something else of `{container}`, which is {is} and here {would_be}")]
    Conflict {
        /// Where the segment begins.
        column: usize,
        /// The key of what is used in two ways.
        container: String,
        /// What the rows before have made of it.
        is: &'static str,
        /// What this row would make of it.
        would_be: &'static str,
    },
    /// A row before has given this key a value.
    #[error("a row before has the same key")]
    DuplicateKey {
        /// Where the last segment begins.
        column: usize,
    },
    /// `[]` and `[0]` in one array.
    #[error("`[]` and numbered positions cannot stand in one array")]
    MixedAppendIndex {
        /// Where the segment begins.
        column: usize,
    },
    /// No row has the position before this one.
    #[error("no row has the position {missing} of this array; positions count from 0 without gaps")]
    SparseArray {
        /// Where the first position after the gap begins.
        column: usize,
        /// The first position that no row has.
        missing: usize,
    },
    /// There are more than [`ROWS_MAX`] rows; this is the first that is too many. It and all that follow are not looked at.
    #[error("there are more than {ROWS_MAX} rows")]
    TooManyRows,
}

impl RowError {
    /// A word for programs: `unclosed_bracket`, `conflict`, `bad_number`.
    pub fn code(&self) -> &'static str {
        match &self.problem {
            RowProblem::Key(error) => error.code(),
            RowProblem::Value(error) => error.code(),
            RowProblem::Conflict { .. } => "conflict",
            RowProblem::DuplicateKey { .. } => "duplicate_key",
            RowProblem::MixedAppendIndex { .. } => "mixed_append_index",
            RowProblem::SparseArray { .. } => "sparse_array",
            RowProblem::TooManyRows => "too_many_rows",
        }
    }

    /// The column of the key at which it goes wrong, counted from 1; nothing if it is not the key that is wrong.
    pub fn column(&self) -> Option<usize> {
        match self.problem {
            RowProblem::Key(PathError { column, .. })
            | RowProblem::Conflict { column, .. }
            | RowProblem::DuplicateKey { column }
            | RowProblem::MixedAppendIndex { column }
            | RowProblem::SparseArray { column, .. } => Some(column),
            RowProblem::Value(_) | RowProblem::TooManyRows => None,
        }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row + 1)?;
        if let Some(column) = self.column() {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.problem)?;
        let is_too_long = matches!(&self.problem, RowProblem::Key(error) if error.problem == PathProblem::KeyTooLong);
        if !self.key.is_empty() && !is_too_long && self.problem != RowProblem::TooManyRows {
            write!(f, ", in {:?}", self.key)?;
        }
        Ok(())
    }
}

impl std::error::Error for RowError {}
