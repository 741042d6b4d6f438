//! What clients ask of `/v1/webhooks`: which entries of the inbox they mean.

use std::str::FromStr;

use hookyard_domain::id::ConnectionId;
use hookyard_domain::inbox::{Place, WebhookFilter, WebhookState};
use hookyard_domain::limit;
use serde_json::{Map, Value};

use crate::http::members::Members;
use crate::http::parameters::Parameters;
use crate::http::problem::Problem;

/// The parameters of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListQuery {
    pub(super) filter: WebhookFilter,
    pub(super) before: Option<Place>,
    pub(super) limit: usize,
}

impl ListQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// 422 with every parameter that is unknown, given twice or wrong.
    pub(super) fn parse(query: &str) -> Result<Self, Problem> {
        let single = ["since", "until", "before", "limit"];
        let mut parameters = Parameters::read(query, &single, &["connection", "state"]);
        let filter = WebhookFilter {
            connections: parameters.values("connection"),
            states: parameters.values("state"),
            since: parameters.value("since"),
            until: parameters.value("until"),
        };
        let limits = 1..=limit::WEBHOOKS_PAGE_MAX;
        let parsed = Self {
            filter,
            before: parameters.value::<Before>("before").map(|before| before.0),
            limit: parameters.number("limit", &limits).unwrap_or(limit::WEBHOOKS_LIMIT_DEFAULT),
        };
        parameters.verdict(parsed)
    }
}

/// Where a page ends and the next one goes on. Opaque to clients.
struct Before(Place);

impl FromStr for Before {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place = text.parse().map(Place).map(Self);
        place.map_err(|_| format!("{text:?} is not a place that this host has given as next"))
    }
}

/// The body of a bulk replay.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BulkReplay {
    pub(super) connection: ConnectionId,
    pub(super) filter: WebhookFilter,
    pub(super) dry_run: bool,
}

impl BulkReplay {
    /// Reads `{connection, state, since?, until?, dry_run?}`. Connection and state must be there: nobody means all webhooks of all
    /// connections by leaving something out.
    ///
    /// # Errors
    /// 422 with every member that is missing, unknown or wrong.
    pub(super) fn parse(body: Map<String, Value>) -> Result<Self, Problem> {
        let mut members = Members::of(body);
        let connection: Option<ConnectionId> = members.required("connection");
        let state: Option<WebhookState> = members.required("state");
        let (since, until) = (members.optional("since"), members.optional("until"));
        let dry_run = members.flag("dry_run");
        let parsed = connection.zip(state).map(|(connection, state)| {
            let filter = WebhookFilter { connections: vec![connection.clone()], states: vec![state], since, until };
            Self { connection, filter, dry_run }
        });
        members.verdict("connection, state, since, until, dry_run", parsed)
    }
}

/// Reads `{dry_run?}`, the body of a single replay.
///
/// # Errors
/// 422 with every member that is unknown or wrong.
pub(super) fn single_replay(body: Map<String, Value>) -> Result<bool, Problem> {
    let mut members = Members::of(body);
    let dry_run = members.flag("dry_run");
    members.verdict("dry_run", Some(dry_run))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(problem: &Problem) -> Vec<String> {
        let document = problem.document();
        assert_eq!((document["status"].as_u64(), document["code"].as_str()), (Some(422), Some("invalid-input")));
        let errors = document["errors"].as_array().expect("a list").iter();
        errors.map(|error| error["pointer"].as_str().expect("a text").to_owned()).collect()
    }

    fn bulk(body: Value) -> Result<BulkReplay, Problem> {
        let Value::Object(members) = body else { unreachable!("the tests give objects") };
        BulkReplay::parse(members)
    }

    #[test]
    fn without_parameters_the_newest_are_meant() {
        let query = ListQuery::parse("").expect("right");
        let newest = ListQuery { filter: WebhookFilter::default(), before: None, limit: limit::WEBHOOKS_LIMIT_DEFAULT };
        assert_eq!(query, newest);
    }

    #[test]
    fn states_and_connections_may_be_repeated() {
        let query = "state=failed&state=pending&connection=a&connection=b&since=2026-03-04T09:00:00Z\
                     &until=2026-03-05T09:00:00%2B01:00&before=77&limit=1000";
        let query = ListQuery::parse(query).expect("right");
        assert_eq!(query.filter.states, [WebhookState::Failed, WebhookState::Pending]);
        assert_eq!((query.filter.connections.len(), query.before, query.limit), (2, Some(Place(77)), 1_000));
        let until = query.filter.until.expect("given");
        assert_eq!(until.to_string(), "2026-03-05T08:00:00.000Z");
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let query = "state=broken&connection=A&since=yesterday&until=1&before=x&limit=0&colour=red&limit=2";
        let wrong = pointers(&ListQuery::parse(query).expect_err("wrong"));
        for parameter in ["state", "connection", "since", "until", "before", "limit", "colour"] {
            assert!(wrong.contains(&format!("/{parameter}")), "{parameter}: {wrong:?}");
        }
        assert_eq!(wrong.iter().filter(|pointer| *pointer == "/limit").count(), 2, "twice, and out of range");
    }

    #[test]
    fn a_bulk_replay_names_its_connection_and_its_state() {
        let body = json!({ "connection": "shop", "state": "failed", "since": "2026-03-04T09:00:00Z", "dry_run": true });
        let bulk_replay = bulk(body).expect("right");
        assert_eq!((bulk_replay.connection.as_str(), bulk_replay.dry_run), ("shop", true));
        assert_eq!(bulk_replay.filter.states, [WebhookState::Failed]);
        assert_eq!(pointers(&bulk(json!({})).expect_err("empty")), ["/connection", "/state"]);
        let wrong = json!({ "connection": 1, "state": "all", "until": "x", "dry_run": "yes", "limit": 3 });
        let wrong = pointers(&bulk(wrong).expect_err("wrong"));
        assert_eq!(wrong, ["/connection", "/state", "/until", "/dry_run", "/limit"]);
    }

    #[test]
    fn a_single_replay_takes_a_dry_run_and_nothing_else() {
        let single = |body: Value| single_replay(body.as_object().expect("an object").clone());
        assert!(single(json!({ "dry_run": true })).expect("right"));
        assert!(!single(json!({})).expect("right"));
        assert_eq!(pointers(&single(json!({ "dry_run": 1, "state": "failed" })).expect_err("wrong")).len(), 2);
    }
}
