//! Everything that is wrong with an input, told at once.

use hookyard_sdk::Error;
use serde::Serialize;

/// What is wrong, in the order in which it was found.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

#[derive(Debug, Serialize)]
struct Problem {
    pointer: String,
    code: &'static str,
    detail: String,
}

impl Problems {
    /// One more: where in the input, its code, and a sentence about it.
    pub(crate) fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(Problem { pointer: pointer.into(), code, detail: detail.into() });
    }

    /// `invalid` with the code of the first, and all of them as `errors`; nothing, if there is none.
    pub(crate) fn into_result(self) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Details<'a> {
            errors: &'a [Problem],
        }
        let Some(first) = self.0.first() else { return Ok(()) };
        let message = match self.0.len() {
            1 => first.detail.clone(),
            many => format!("{} ({} more)", first.detail, many - 1),
        };
        Err(Error::invalid(first.code, message).details(&Details { errors: &self.0 }))
    }
}
