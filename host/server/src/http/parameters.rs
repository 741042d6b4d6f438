//! The parameters of a query, each as its type, and everything that is wrong with them at once.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use hookyard_domain::limit;

use super::problem::{InputError, Problem};

/// Query parameters, and what is wrong with them.
pub(super) struct Parameters {
    given: Vec<(String, String)>,
    errors: Vec<InputError>,
}

impl Parameters {
    /// Reads a query string. `single` may be given once, `repeated` up to [`limit::EVENT_FILTER_VALUES_MAX`] times; there are no
    /// others.
    pub(super) fn read(query: &str, single: &[&str], repeated: &[&str]) -> Self {
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut errors = Vec::new();
        for (name, _) in &given {
            if !single.contains(&name.as_str()) && !repeated.contains(&name.as_str()) {
                let known = [single, repeated].concat().join(", ");
                let detail = format!("{name:?} is not a parameter here; there are {known}");
                errors.push(InputError::new(format!("/{name}"), "unknown", detail));
            }
        }
        for name in single {
            if given.iter().filter(|(given, _)| given == name).count() > 1 {
                errors.push(InputError::new(format!("/{name}"), "repeated", format!("{name} is given more than once")));
            }
        }
        Self { given, errors }
    }

    /// The first value of a parameter.
    pub(super) fn single(&self, name: &str) -> Option<String> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone())
    }

    /// The first value in its type.
    pub(super) fn value<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let value = self.single(name)?;
        self.parsed(name, &value)
    }

    /// All values of a parameter.
    pub(super) fn all(&mut self, name: &str) -> Vec<String> {
        let values: Vec<_> =
            self.given.iter().filter(|(given, _)| given == name).map(|(_, value)| value.clone()).collect();
        let max = limit::EVENT_FILTER_VALUES_MAX;
        if values.len() > max {
            let detail = format!("{name} is given {} times, more than {max}", values.len());
            self.errors.push(InputError::new(format!("/{name}"), "too-many", detail));
        }
        values
    }

    /// All values of a parameter in their type.
    pub(super) fn values<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Vec<T> {
        let values = self.all(name);
        values.iter().filter_map(|value| self.parsed(name, value)).collect()
    }

    /// The value in its type; what is wrong with it is noted.
    pub(super) fn parsed<T: FromStr<Err: ToString>>(&mut self, name: &str, value: &str) -> Option<T> {
        value.parse().map_err(|error: T::Err| self.invalid(name, error.to_string())).ok()
    }

    /// Notes that a parameter is wrong.
    pub(super) fn invalid(&mut self, name: &str, why: impl AsRef<str>) {
        self.errors.push(InputError::new(format!("/{name}"), "invalid", format!("{name}: {}", why.as_ref())));
    }

    /// A number within its range.
    pub(super) fn number<T: FromStr + PartialOrd + Display>(
        &mut self,
        name: &str,
        range: &RangeInclusive<T>,
    ) -> Option<T> {
        let text = self.single(name)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.invalid(name, format!("{text:?} is not a number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// What was read, unless anything is wrong.
    ///
    /// # Errors
    /// 422 with every parameter that is unknown, given twice or wrong.
    pub(super) fn verdict<T>(self, parsed: T) -> Result<T, Problem> {
        if self.errors.is_empty() { Ok(parsed) } else { Err(Problem::invalid_input(self.errors)) }
    }
}
