//! A string of the file with its variables filled in.

use super::document::Document;
use super::interpolate::{self, Piece};

/// A string, and whether messages may show it. There is no `Debug`, because it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) value: String,
    /// Whether some of it came from a variable or a file, and so may be a secret.
    private: bool,
}

impl Text {
    /// Fills in the variables of `raw`.
    ///
    /// # Errors
    /// A sentence for each variable that cannot be filled in.
    pub(super) fn fill_in(raw: &str, document: &Document<'_>) -> Result<Self, Vec<String>> {
        let mut text = Self { value: String::with_capacity(raw.len()), private: false };
        let mut wrong = Vec::new();
        for piece in interpolate::pieces(raw) {
            let filled = match piece {
                Piece::Literal(literal) => {
                    text.value.push_str(literal);
                    continue;
                }
                Piece::Variable(name) => interpolate::variable(name, document),
                Piece::File(path) => interpolate::file(path, document),
                Piece::Broken(reason) => Err(reason),
            };
            text.private = true;
            match filled {
                Ok(value) => text.value.push_str(&value),
                Err(reason) => wrong.push(reason),
            }
        }
        if wrong.is_empty() { Ok(text) } else { Err(wrong) }
    }

    /// The text in quotes, or words that stand for it where it may be a secret.
    pub(super) fn shown(&self) -> String {
        if self.private { "what its variable holds".to_owned() } else { format!("{:?}", self.value) }
    }
}
