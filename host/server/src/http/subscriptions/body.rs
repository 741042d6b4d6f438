//! What clients send of a subscription.

use std::time::Duration;

use axum::body::Body;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::{json, limit};
use http::{Request, StatusCode};
use serde_json::{Map, Value};

use super::view::TOLD;
use crate::http::api_body;
use crate::http::app::App;
use crate::http::members::Members;
use crate::http::problem::Problem;
use crate::subscriptions::ReplayFrom;

/// The members of a subscription's document, without those that only tell.
///
/// # Errors
/// 415, 413, 400 for what is not JSON, 422 for what is no object, is nested too deep, has a number that would be rounded, or names
/// another subscription than `id`.
pub(super) async fn document(
    app: &App,
    request: Request<Body>,
    id: Option<&SubscriptionId>,
) -> Result<Map<String, Value>, Problem> {
    api_body::check_is_json(request.headers())?;
    let body = app.read_body(request.into_body(), limit::API_BODY_BYTES_MAX).await?;
    members(&body, id)
}

fn members(body: &[u8], id: Option<&SubscriptionId>) -> Result<Map<String, Value>, Problem> {
    let not_json = |why: &dyn std::fmt::Display| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid-json").detail(format!("the body is not JSON: {why}"))
    };
    let text = std::str::from_utf8(body).map_err(|error| not_json(&error))?;
    if json::depth(text) > limit::JSON_DEPTH_MAX {
        let detail = format!("the body is nested more than {} levels deep", limit::JSON_DEPTH_MAX);
        return Err(Problem::invalid("", "too-deep", detail));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if let Some(json::Rounded { pointer, digits }) = json::rounded(text) {
        let detail = format!("{digits} would be rounded; write it as a text");
        return Err(Problem::invalid(&pointer, "rounded", detail));
    }
    let Value::Object(mut members) = value else {
        let detail = "a subscription is an object: types, connections, subject, when, endpoint, ordered, enabled";
        return Err(Problem::invalid("", "type", detail));
    };
    let sent = members.get("id");
    match id {
        Some(id) if sent.is_some_and(|sent| sent != id.as_str()) => {
            let detail = format!("the path names {id}; a subscription keeps its name");
            return Err(Problem::invalid("/id", "differs", detail));
        }
        None if sent.is_some() => {
            return Err(Problem::invalid("/id", "unknown-member", "the host names subscriptions of the API"));
        }
        _ => {}
    }
    members.retain(|name, _| !TOLD.contains(&name.as_str()));
    Ok(members)
}

/// Reads `{overlap_seconds?}`, the body of a rotation.
///
/// # Errors
/// 422 with every member that is unknown or wrong.
pub(super) fn rotation(body: Map<String, Value>) -> Result<Duration, Problem> {
    let mut members = Members::of(body);
    let most = limit::ROTATION_OVERLAP_SECONDS_MAX;
    let overlap = match members.take("overlap_seconds") {
        None => Some(limit::ROTATION_OVERLAP_DEFAULT),
        Some(value) => {
            let seconds = value.as_u64().filter(|seconds| *seconds <= most);
            if seconds.is_none() {
                let detail = format!("overlap_seconds is a whole number from 0 to {most}");
                members.wrong("/overlap_seconds", "invalid", detail);
            }
            seconds.map(Duration::from_secs)
        }
    };
    members.verdict("overlap_seconds", overlap)
}

/// Reads `{after}` or `{since}`, the body of a replay.
///
/// # Errors
/// 422 with every member that is unknown or wrong, and where it is not exactly one of them.
pub(super) fn replay(body: Map<String, Value>) -> Result<ReplayFrom, Problem> {
    let given = (body.contains_key("after"), body.contains_key("since"));
    let mut members = Members::of(body);
    let after = members.optional("after").map(ReplayFrom::After);
    let since = members.optional("since").map(ReplayFrom::Since);
    match given {
        (true, true) => members.wrong("", "ambiguous", "a replay begins after an offset or since a time, not both"),
        (false, false) => members.wrong("", "missing", "say from where: after (an offset) or since (a time)"),
        (true, false) | (false, true) => {}
    }
    members.verdict("after, since", after.or(since))
}

#[cfg(test)]
mod tests {
    use hookyard_domain::clock::Timestamp;
    use hookyard_domain::event::Offset;
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("the tests give objects") };
        object
    }

    fn codes(problem: &Problem) -> Vec<(String, String)> {
        let document = problem.document();
        assert_eq!((document["status"].as_u64(), document["code"].as_str()), (Some(422), Some("invalid-input")));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let errors = document["errors"].as_array().expect("a list").iter();
        errors.map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }

    fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
        vec![(pointer.to_owned(), code.to_owned())]
    }

    #[test]
    fn what_a_view_tells_may_be_sent_back() {
        let id: SubscriptionId = "crm".parse().expect("a name");
        let sent = json!({ "id": "crm", "state": "active", "cursor": "7", "pending": 0, "types": ["a.*"], "x": 1 });
        let read = members(sent.to_string().as_bytes(), Some(&id)).expect("readable");
        assert_eq!(Value::Object(read), json!({ "types": ["a.*"], "x": 1 }));
        let other = json!({ "id": "other" }).to_string();
        assert_eq!(codes(&members(other.as_bytes(), Some(&id)).expect_err("another")), one("/id", "differs"));
        assert_eq!(codes(&members(other.as_bytes(), None).expect_err("a new one")), one("/id", "unknown-member"));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert_eq!(members(b"", None).expect_err("empty").document()["code"], "invalid-json");
        assert_eq!(codes(&members(b"[]", None).expect_err("a list")), one("", "type"));
        let deep = "[".repeat(limit::JSON_DEPTH_MAX + 1);
        assert_eq!(codes(&members(deep.as_bytes(), None).expect_err("deep")), one("", "too-deep"));
    }

    #[test]
    fn a_number_is_refused_rather_than_rounded() {
        let input = |number: &str| format!(r#"{{ "endpoint": {{ "input": {{ "n": {number} }} }} }}"#);
        assert!(members(input("1.10").as_bytes(), None).is_ok());
        let refused = members(input("12345678901234567890123").as_bytes(), None).expect_err("too many digits");
        assert_eq!(codes(&refused), one("/endpoint/input/n", "rounded"));
    }

    #[test]
    fn a_rotation_overlaps_for_a_day_unless_told_otherwise() {
        let overlap = |body| rotation(object(body));
        assert_eq!(overlap(json!({})).expect("right"), limit::ROTATION_OVERLAP_DEFAULT);
        assert_eq!(overlap(json!({ "overlap_seconds": 0 })).expect("right"), Duration::ZERO);
        for wrong in [json!("1"), json!(-1), json!(1.5), json!(limit::ROTATION_OVERLAP_SECONDS_MAX + 1)] {
            let problem = overlap(json!({ "overlap_seconds": wrong })).expect_err("wrong");
            assert_eq!(codes(&problem), one("/overlap_seconds", "invalid"));
        }
        assert_eq!(codes(&overlap(json!({ "overlap": 1 })).expect_err("wrong")), one("/overlap", "unknown"));
    }

    #[test]
    fn a_replay_begins_at_one_place() {
        let from = |body| replay(object(body));
        assert_eq!(from(json!({ "after": "17" })).expect("right"), ReplayFrom::After(Offset(17)));
        let since = from(json!({ "since": "1970-01-01T00:00:01Z" })).expect("right");
        assert_eq!(since, ReplayFrom::Since(Timestamp::from_millis(1_000)));
        assert_eq!(codes(&from(json!({})).expect_err("nothing")), one("", "missing"));
        let both = json!({ "after": "1", "since": "1970-01-01T00:00:01Z" });
        assert_eq!(codes(&from(both).expect_err("both")), one("", "ambiguous"));
        assert_eq!(codes(&from(json!({ "after": 17 })).expect_err("a number")), one("/after", "invalid"));
        assert_eq!(codes(&from(json!({ "since": "yesterday" })).expect_err("no time")), one("/since", "invalid"));
    }
}
