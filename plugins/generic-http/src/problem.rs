//! What is wrong with a request, all of it.

use hookyard_sdk::Error;
use schemars::JsonSchema;
use serde::Serialize;

/// The code of a request that cannot be sent as it is defined.
pub(crate) const REQUEST_INVALID: &str = "request-invalid";

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// JSON pointer to it.
    pub(crate) pointer: String,
    /// A word for programs: `unclosed_bracket`.
    pub(crate) code: String,
    /// A sentence for people.
    pub(crate) detail: String,
    /// Another call can be right: it is the value of a field that does not fit.
    #[serde(skip)]
    pub(crate) of_call: bool,
}

/// Everything that is wrong with one request, with pointers into that request.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

/// What a problem document says.
#[derive(Serialize)]
struct Details<'p> {
    errors: &'p [Problem],
}

impl Problems {
    /// Something that is wrong with the definition.
    pub(crate) fn at(&mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        self.push(false, pointer, code, detail);
    }

    /// Something that is wrong; with the call, if `of_call`.
    pub(crate) fn push(&mut self, of_call: bool, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        let (pointer, detail) = (pointer.into(), detail.into());
        self.0.push(Problem { pointer, code: code.to_owned(), detail, of_call });
    }

    /// Adds the others.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the definition is right and only the call is not.
    pub(crate) fn are_of_call(&self) -> bool {
        self.0.iter().all(|problem| problem.of_call)
    }

    /// All of them, with pointers from where the request stands.
    pub(crate) fn below(self, request: &str) -> Vec<Problem> {
        let below = |problem: Problem| Problem { pointer: format!("{request}{}", problem.pointer), ..problem };
        self.0.into_iter().map(below).collect()
    }
}

/// `invalid` `request-invalid`, with all of them. The message is the first one's.
pub(crate) fn request_invalid(problems: &[Problem]) -> Error {
    let message = match problems {
        [] => "the request is wrong".to_owned(),
        [only] => format!("{}: {}", only.pointer, only.detail),
        [first, others @ ..] => format!("{}: {} (and {} more)", first.pointer, first.detail, others.len()),
    };
    Error::invalid(REQUEST_INVALID, message).details(&Details { errors: problems })
}

/// A member of an object in a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
