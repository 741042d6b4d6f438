//! The parameters of `/v1/timers`.

use std::str::FromStr;

use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;

use crate::http::parameters::Parameters;
use crate::http::problem::Problem;

/// What a client asks of `/v1/timers`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TimerQuery {
    pub(super) connection: Option<ConnectionId>,
    pub(super) state: Option<&'static str>,
    pub(super) limit: usize,
    /// The last timer of the page before.
    pub(super) after: Option<(ConnectionId, String)>,
}

impl TimerQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// 422 with every parameter that is unknown, given twice or wrong.
    pub(super) fn parse(query: &str) -> Result<Self, Problem> {
        let mut parameters = Parameters::read(query, &["connection", "state", "limit", "after"], &[]);
        let parsed = Self {
            connection: parameters.value("connection"),
            state: parameters.value::<State>("state").map(|state| state.0),
            limit: parameters.number("limit", &(1..=limit::TIMERS_PAGE_MAX)).unwrap_or(limit::TIMERS_LIMIT_DEFAULT),
            after: parameters.value::<After>("after").map(|after| after.0),
        };
        parameters.verdict(parsed)
    }
}

/// The states that a timer can be in.
const STATES: [&str; 2] = ["pending", "failed"];

/// One of them.
struct State(&'static str);

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = STATES.into_iter().find(|state| *state == text);
        known.map(Self).ok_or_else(|| format!("{text:?} is not a state; there are {}", STATES.join(", ")))
    }
}

/// Where a page ends and the next one goes on. Opaque to clients.
struct After((ConnectionId, String));

impl FromStr for After {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place =
            text.split_once('/').and_then(|(connection, name)| Some((connection.parse().ok()?, name.to_owned())));
        place.map(Self).ok_or_else(|| format!("{text:?} is not a place that this host has given as next"))
    }
}

/// Where a page ends, as clients hand it back.
pub(super) fn place((connection, name): (ConnectionId, String)) -> String {
    format!("{connection}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_page_ends_is_where_the_next_one_goes_on() {
        let end = ("shop".parse().expect("valid"), "a/b c".to_owned());
        let query = format!("after={}&state=failed&limit=1", place(end.clone()).replace(' ', "+"));
        let parsed = TimerQuery::parse(&query).expect("right");
        assert_eq!((parsed.after, parsed.state, parsed.limit), (Some(end), Some("failed"), 1));
        let parsed = TimerQuery::parse("connection=shop").expect("right");
        assert_eq!((parsed.limit, parsed.after), (limit::TIMERS_LIMIT_DEFAULT, None));
    }

    #[test]
    fn everything_wrong_is_named() {
        let problem =
            TimerQuery::parse("state=late&limit=0&after=x&connection=A&foo=1&foo=2&limit=3").expect_err("wrong");
        let document = problem.document();
        let places: Vec<_> = document["errors"].as_array().expect("a list").iter().map(|e| &e["pointer"]).collect();
        assert_eq!(places, ["/foo", "/foo", "/limit", "/connection", "/state", "/limit", "/after"]);
    }
}
