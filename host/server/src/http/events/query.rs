//! The parameters of `/v1/events` and `/v1/events/stream`.

use std::time::Duration;

use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::limit;

use crate::http::parameters::Parameters;
use crate::http::problem::Problem;

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
        let mut parameters = Parameters::read(query, &["after", "limit", "wait"], &FILTERS);
        let parsed = Self {
            after: parameters.value("after").unwrap_or(Offset::START),
            limit: parameters.number("limit", &(1..=limit::EVENTS_PAGE_MAX)).unwrap_or(limit::EVENTS_LIMIT_DEFAULT),
            wait: Duration::from_secs(parameters.number("wait", &(0..=limit::EVENTS_WAIT_MAX.as_secs())).unwrap_or(0)),
            filter: filter(&mut parameters),
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
        let mut parameters = Parameters::read(query, &["after"], &FILTERS);
        let after = parameters.value("after");
        let resumed = last_event_id.filter(|id| !id.is_empty()).and_then(|id| parameters.parsed("last-event-id", id));
        let parsed = Self { after: resumed.or(after), filter: filter(&mut parameters) };
        parameters.verdict(parsed)
    }
}

const FILTERS: [&str; 3] = ["type", "connection", "subject"];

fn filter(parameters: &mut Parameters) -> EventFilter {
    let types = parameters.all("type");
    for pattern in &types {
        let name = pattern.strip_suffix('*').unwrap_or(pattern);
        if pattern.is_empty() || name.contains('*') {
            parameters.invalid("type", format!("{pattern:?} is not an event type, which may end in *"));
        }
    }
    EventFilter { types, connections: parameters.values("connection"), subjects: parameters.all("subject") }
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
