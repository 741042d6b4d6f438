//! The parameters of `/v1/timers`.

use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;

use crate::http::problem::{InputError, Problem};

/// What a client asks of `/v1/timers`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TimerQuery {
    pub(super) connection: Option<ConnectionId>,
    pub(super) state: Option<&'static str>,
    pub(super) limit: usize,
    /// The last timer of the page before.
    pub(super) after: Option<(ConnectionId, String)>,
}

const PARAMETERS: [&str; 4] = ["connection", "state", "limit", "after"];
const STATES: [&str; 2] = ["pending", "failed"];

impl TimerQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// 422 with every parameter that is unknown, given twice or wrong.
    pub(super) fn parse(query: &str) -> Result<Self, Problem> {
        let mut parsed = Self { connection: None, state: None, limit: limit::TIMERS_LIMIT_DEFAULT, after: None };
        let (mut errors, mut seen) = (Vec::new(), Vec::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
            let wrong = |code, why: &str| InputError::new(format!("/{name}"), code, format!("{name} {why}"));
            if !PARAMETERS.contains(&name.as_str()) {
                errors.push(wrong("unknown", &format!("is not a parameter here; there are {}", PARAMETERS.join(", "))));
                continue;
            }
            if let Err(why) = parsed.take(&name, &value) {
                errors.push(wrong("invalid", &why));
            }
            if seen.contains(&name) {
                errors.push(wrong("repeated", "is given more than once"));
            }
            seen.push(name);
        }
        if errors.is_empty() { Ok(parsed) } else { Err(Problem::invalid_input(errors)) }
    }

    /// Takes one of [`PARAMETERS`], or says what is wrong with it.
    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let not = |what: &str| format!("{value:?} is not {what}");
        match name {
            "connection" => self.connection = Some(value.parse().map_err(|_| not("the id of a connection"))?),
            "state" => {
                let state = STATES.into_iter().find(|state| *state == value);
                self.state = Some(state.ok_or_else(|| not(&format!("a state; there are {}", STATES.join(", "))))?);
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=limit::TIMERS_PAGE_MAX).contains(limit));
                self.limit = limit.ok_or_else(|| not(&format!("a number from 1 to {}", limit::TIMERS_PAGE_MAX)))?;
            }
            _ => self.after = Some(read_place(value).ok_or_else(|| not("the `next` of a page"))?),
        }
        Ok(())
    }
}

/// Where a page ends, as clients hand it back.
pub(super) fn place((connection, name): (ConnectionId, String)) -> String {
    format!("{connection}/{name}")
}

fn read_place(text: &str) -> Option<(ConnectionId, String)> {
    let (connection, name) = text.split_once('/')?;
    Some((connection.parse().ok()?, name.to_owned()))
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
        assert_eq!(places, ["/state", "/limit", "/after", "/connection", "/foo", "/foo", "/limit"]);
    }
}
