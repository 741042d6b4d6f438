//! The parameters of `/v1/events` and `/v1/events/stream`.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::limit;

use crate::http::problem::{InputError, Problem};

/// What a client asks of `/v1/events`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PageQuery {
    pub(crate) after: Offset,
    pub(crate) limit: usize,
    pub(crate) filter: EventFilter,
    pub(crate) wait: Duration,
}

impl PageQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// 422 with every parameter that is unknown, given twice or wrong.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let mut parameters = Parameters::read(query, &["after", "limit", "wait"]);
        let parsed = Self {
            after: parameters.after().unwrap_or(Offset::START),
            limit: parameters.number("limit", &(1..=limit::EVENTS_PAGE_MAX)).unwrap_or(limit::EVENTS_LIMIT_DEFAULT),
            wait: Duration::from_secs(parameters.number("wait", &(0..=limit::EVENTS_WAIT_MAX.as_secs())).unwrap_or(0)),
            filter: parameters.filter(),
        };
        parameters.verdict(parsed)
    }
}

/// What a client asks of `/v1/events/stream`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamQuery {
    pub(crate) after: Option<Offset>,
    pub(crate) filter: EventFilter,
}

impl StreamQuery {
    /// Reads a query string, and the `Last-Event-ID` header, which counts more than `after`: a browser that connects again
    /// sends the `after` of the beginning.
    ///
    /// # Errors
    /// As [`PageQuery::parse`].
    pub(crate) fn parse(query: &str, last_event_id: Option<&str>) -> Result<Self, Problem> {
        let mut parameters = Parameters::read(query, &["after"]);
        let after = parameters.after();
        let resumed = last_event_id.filter(|id| !id.is_empty()).and_then(|id| parameters.parsed("last-event-id", id));
        let parsed = Self { after: resumed.or(after), filter: parameters.filter() };
        parameters.verdict(parsed)
    }
}

/// Query parameters, and what is wrong with them.
struct Parameters {
    given: Vec<(String, String)>,
    errors: Vec<InputError>,
}

const FILTERS: [&str; 3] = ["type", "connection", "subject"];

impl Parameters {
    fn read(query: &str, single: &[&str]) -> Self {
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut errors = Vec::new();
        for (name, _) in &given {
            if !single.contains(&name.as_str()) && !FILTERS.contains(&name.as_str()) {
                let known = [single, &FILTERS].concat().join(", ");
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

    fn single(&self, name: &str) -> Option<String> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone())
    }

    fn all(&mut self, name: &str) -> Vec<String> {
        let values: Vec<_> =
            self.given.iter().filter(|(given, _)| given == name).map(|(_, value)| value.clone()).collect();
        let max = limit::EVENT_FILTER_VALUES_MAX;
        if values.len() > max {
            let detail = format!("{name} is given {} times, more than {max}", values.len());
            self.errors.push(InputError::new(format!("/{name}"), "too-many", detail));
        }
        values
    }

    /// The value in its type; what is wrong with it is noted.
    fn parsed<T: FromStr<Err: ToString>>(&mut self, name: &str, value: &str) -> Option<T> {
        value.parse().map_err(|error: T::Err| self.invalid(name, error.to_string())).ok()
    }

    fn invalid(&mut self, name: &str, why: impl AsRef<str>) {
        self.errors.push(InputError::new(format!("/{name}"), "invalid", format!("{name}: {}", why.as_ref())));
    }

    fn after(&mut self) -> Option<Offset> {
        let after = self.single("after")?;
        self.parsed("after", &after)
    }

    fn number<T: FromStr + PartialOrd + std::fmt::Display>(
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

    fn filter(&mut self) -> EventFilter {
        let types = self.all("type");
        for pattern in &types {
            let name = pattern.strip_suffix('*').unwrap_or(pattern);
            if pattern.is_empty() || name.contains('*') {
                self.invalid("type", format!("{pattern:?} is not an event type, which may end in *"));
            }
        }
        let connections = self.all("connection");
        let connections = connections.iter().filter_map(|id| self.parsed("connection", id)).collect();
        EventFilter { types, connections, subjects: self.all("subject") }
    }

    fn verdict<T>(self, parsed: T) -> Result<T, Problem> {
        if self.errors.is_empty() { Ok(parsed) } else { Err(Problem::invalid_input(self.errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(problem: &Problem) -> Vec<(String, String)> {
        let document = problem.document();
        assert_eq!((document["status"].as_u64(), document["code"].as_str()), (Some(422), Some("invalid-input")));
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let errors = document["errors"].as_array().unwrap().iter();
        errors.map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }

    #[test]
    fn without_parameters_it_is_the_first_hundred_at_once() {
        let expected =
            PageQuery { after: Offset::START, limit: 100, filter: EventFilter::default(), wait: Duration::ZERO };
        assert_eq!(PageQuery::parse("").unwrap(), expected);
    }

    #[test]
    fn filters_may_be_repeated_and_are_decoded() {
        let query = "type=aftership.*&type=x.y&connection=a&connection=b&subject=a%26b+c&after=7&limit=1000&wait=60";
        let parsed = PageQuery::parse(query).unwrap();
        assert_eq!(parsed.filter.types, ["aftership.*", "x.y"]);
        assert_eq!(parsed.filter.connections.len(), 2);
        assert_eq!(parsed.filter.subjects, ["a&b c"]);
        assert_eq!((parsed.after, parsed.limit, parsed.wait), (Offset(7), 1000, Duration::from_secs(60)));
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let query = "limit=1001&wait=61&after=x&type=a*b&connection=A&foo=1&wait=1";
        let expected = [
            ("/foo", "unknown"),
            ("/wait", "repeated"),
            ("/after", "invalid"),
            ("/limit", "invalid"),
            ("/wait", "invalid"),
            ("/type", "invalid"),
            ("/connection", "invalid"),
        ];
        let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
        assert_eq!(wrong(&PageQuery::parse(query).unwrap_err()), expected);
        for bad in ["limit=0", "limit=-1", "limit=", "wait=1.5", "after="] {
            assert!(PageQuery::parse(bad).is_err(), "{bad}");
        }
        let many = ["subject=s"; 51].join("&");
        assert_eq!(wrong(&PageQuery::parse(&many).unwrap_err()), [("/subject".to_owned(), "too-many".to_owned())]);
    }

    #[test]
    fn a_stream_goes_on_where_it_was_rather_than_where_it_began() {
        assert_eq!(StreamQuery::parse("after=3", Some("9")).unwrap().after, Some(Offset(9)));
        assert_eq!(StreamQuery::parse("after=3", Some("")).unwrap().after, Some(Offset(3)));
        assert_eq!(StreamQuery::parse("", None).unwrap().after, None);
        assert!(StreamQuery::parse("", Some("x")).is_err());
        assert!(StreamQuery::parse("limit=1", None).is_err(), "a stream has no limit");
    }
}
