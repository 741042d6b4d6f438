//! What clients ask of `/v1/deliveries`: which of them they mean.

use std::str::FromStr;

use hookyard_domain::delivery::{DeliveryFilter, DeliveryState};
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use hookyard_store::ListPlace;
use serde_json::{Map, Value};

use crate::http::members::Members;
use crate::http::parameters::Parameters;
use crate::http::problem::Problem;

/// The parameters of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListQuery {
    pub(super) filter: DeliveryFilter,
    pub(super) before: Option<ListPlace>,
    pub(super) limit: usize,
}

impl ListQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// 422 with every parameter that is unknown, given twice or wrong.
    pub(super) fn parse(query: &str) -> Result<Self, Problem> {
        let single = ["since", "until", "before", "limit"];
        let mut parameters = Parameters::read(query, &single, &["subscription", "state"]);
        let filter = DeliveryFilter {
            subscriptions: parameters.values("subscription"),
            states: parameters.values("state"),
            since: parameters.value("since"),
            until: parameters.value("until"),
        };
        let limits = 1..=limit::DELIVERIES_PAGE_MAX;
        let parsed = Self {
            filter,
            before: parameters.value::<Before>("before").map(|before| before.0),
            limit: parameters.number("limit", &limits).unwrap_or(limit::DELIVERIES_LIMIT_DEFAULT),
        };
        parameters.verdict(parsed)
    }
}

/// Where a page ends and the next one goes on. Opaque to clients.
struct Before(ListPlace);

impl FromStr for Before {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place = text.parse().map(ListPlace).map(Self);
        place.map_err(|_| format!("{text:?} is not a place that this host has given as next"))
    }
}

/// The body of a bulk retry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BulkRetry {
    pub(super) filter: DeliveryFilter,
    pub(super) dry_run: bool,
}

impl BulkRetry {
    /// Reads `{subscription?, state?, since?, until?, dry_run?}`. Without a state those are meant that were given up.
    ///
    /// # Errors
    /// 422 with every member that is unknown or wrong.
    pub(super) fn parse(body: Map<String, Value>) -> Result<Self, Problem> {
        let mut members = Members::of(body);
        let subscription: Option<SubscriptionId> = members.optional("subscription");
        let state = members.optional("state").unwrap_or(DeliveryState::Exhausted);
        let filter = DeliveryFilter {
            subscriptions: subscription.into_iter().collect(),
            states: vec![state],
            since: members.optional("since"),
            until: members.optional("until"),
        };
        let parsed = Self { filter, dry_run: members.flag("dry_run") };
        members.verdict("subscription, state, since, until, dry_run", Some(parsed))
    }
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

    #[test]
    fn without_parameters_the_newest_are_meant() {
        let newest =
            ListQuery { filter: DeliveryFilter::default(), before: None, limit: limit::DELIVERIES_LIMIT_DEFAULT };
        assert_eq!(ListQuery::parse("").expect("right"), newest);
    }

    #[test]
    fn states_and_subscriptions_may_be_repeated() {
        let query = "state=pending&state=exhausted&subscription=a&subscription=b&since=2026-03-04T09:00:00Z&before=77&limit=1000";
        let query = ListQuery::parse(query).expect("right");
        assert_eq!(query.filter.states, [DeliveryState::Pending, DeliveryState::Exhausted]);
        assert_eq!((query.filter.subscriptions.len(), query.before, query.limit), (2, Some(ListPlace(77)), 1_000));
        assert!(query.filter.since.is_some() && query.filter.until.is_none());
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let query = "state=broken&subscription=A&since=yesterday&until=1&before=x&limit=0&colour=red";
        let wrong = pointers(&ListQuery::parse(query).expect_err("wrong"));
        for parameter in ["state", "subscription", "since", "until", "before", "limit", "colour"] {
            assert!(wrong.contains(&format!("/{parameter}")), "{parameter}: {wrong:?}");
        }
    }

    #[test]
    fn a_bulk_retry_means_what_was_given_up_unless_told_otherwise() {
        let bulk = |body: Value| BulkRetry::parse(body.as_object().expect("an object").clone());
        let all = bulk(json!({})).expect("right");
        assert_eq!((all.filter.states, all.dry_run), (vec![DeliveryState::Exhausted], false));
        let some = bulk(json!({ "subscription": "crm", "state": "pending", "dry_run": true })).expect("right");
        assert_eq!((some.filter.states, some.dry_run), (vec![DeliveryState::Pending], true));
        assert_eq!(some.filter.subscriptions[0].as_str(), "crm");
        let wrong = json!({ "subscription": 1, "state": "all", "until": "x", "dry_run": "yes", "limit": 3 });
        let wrong = pointers(&bulk(wrong).expect_err("wrong"));
        assert_eq!(wrong, ["/subscription", "/state", "/until", "/dry_run", "/limit"]);
    }
}
