//! The members of a small request body, each as its type, and everything that is wrong with them at once.

use std::str::FromStr;

use hookyard_domain::schema;
use serde_json::{Map, Value};

use super::problem::{InputError, Problem};

/// Members of a body that nobody has taken yet, and what is wrong with the others.
pub(super) struct Members {
    rest: Map<String, Value>,
    errors: Vec<InputError>,
}

impl Members {
    pub(super) const fn of(body: Map<String, Value>) -> Self {
        Self { rest: body, errors: Vec::new() }
    }

    /// A member as it is.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.rest.remove(name)
    }

    /// A text in its type.
    pub(super) fn optional<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let parsed = match self.take(name)? {
            Value::String(text) => text.parse().map_err(|error: T::Err| error.to_string()),
            other => Err(format!("{other} is not a text")),
        };
        parsed.map_err(|why| self.wrong(format!("/{name}"), "invalid", format!("{name}: {why}"))).ok()
    }

    /// The same where it must be there.
    pub(super) fn required<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        if !self.rest.contains_key(name) {
            self.wrong(format!("/{name}"), "missing", format!("{name} is missing"));
        }
        self.optional(name)
    }

    /// Whether it is there and true.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.take(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(other) => {
                self.wrong(format!("/{name}"), "type", format!("{name} is true or false, not {other}"));
                false
            }
        }
    }

    /// Notes that something is wrong.
    pub(super) fn wrong(&mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        self.errors.push(InputError::new(pointer, code, detail));
    }

    /// What was read, unless anything is wrong, or there is anything that is not `known`. `None` says that something was found wrong.
    ///
    /// # Errors
    /// 422 with every member that is missing, unknown or wrong.
    pub(super) fn verdict<T>(mut self, known: &str, read: Option<T>) -> Result<T, Problem> {
        for name in self.rest.keys() {
            let detail = format!("{name:?} is not a member here; there are {known}");
            self.errors.push(InputError::new(format!("/{}", schema::escape(name)), "unknown", detail));
        }
        read.filter(|_| self.errors.is_empty()).ok_or_else(|| Problem::invalid_input(self.errors))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(body: &Value) -> Members {
        Members::of(body.as_object().expect("the tests give objects").clone())
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_its_place() {
        let mut members = members(&json!({ "count": "many", "flag": "yes", "a/b~c": 1 }));
        let (count, size) = (members.optional::<u8>("count"), members.required::<u8>("size"));
        assert_eq!((count, size, members.flag("flag")), (None, None, false));
        let problem = members.verdict("count, size, flag", Some(())).expect_err("wrong").document();
        let errors = problem["errors"].as_array().expect("a list").iter();
        let errors: Vec<_> = errors.map(|error| (error["pointer"].clone(), error["code"].clone())).collect();
        let expected = [("/count", "invalid"), ("/size", "missing"), ("/flag", "type"), ("/a~1b~0c", "unknown")];
        assert_eq!(errors, expected.map(|(pointer, code)| (json!(pointer), json!(code))));
    }

    #[test]
    fn what_is_right_is_read() {
        let mut members = members(&json!({ "count": "7", "flag": true, "other": [1] }));
        let (count, size) = (members.required::<u8>("count"), members.optional::<u8>("size"));
        assert_eq!((count, size, members.flag("flag"), members.take("other")), (Some(7), None, true, Some(json!([1]))));
        assert_eq!(members.verdict("count, size, flag, other", count).expect("right"), 7);
    }
}
