//! The action `assign-to-group`.

use hookyard_sdk::http::Response;
use serde_json::{Value, json};

use crate::script::{CONVERSATION, asked, body, groups, host, not_found, ok, refused, shown, updated};

const PUT: &str = "PUT /conversations/c-1";
const GROUPS: &str = "GET /groups?page=1&items_per_page=20";

fn input() -> Value {
    json!({ "conversation_id": CONVERSATION })
}

fn support() -> Value {
    json!({ "group_name": "Support" })
}

#[test]
fn a_conversation_goes_into_the_queue_of_the_group() {
    let host = host(&support(), vec![groups(&[("g-1", "Support"), ("g-2", "VIP")]), updated()]);
    let output = host.action("assign-to-group", &input()).expect("assigned");
    let expected = json!({ "conversation_id": "c-1", "group_id": "g-1", "group_name": "Support", "status": "new" });
    assert_eq!(output, expected);
    assert_eq!(asked(&host), [GROUPS, PUT]);
    assert_eq!(body(&host.requests()[1]), json!({ "status": "new", "assigned_group_id": "g-1" }));
}

#[test]
fn the_input_names_another_group_than_the_config() {
    let host = host(&support(), vec![groups(&[("g-1", "Support"), ("g-2", " Équipe ")]), updated()]);
    let input = json!({ "conversation_id": CONVERSATION, "group": "e\u{301}quipe" });
    let output = host.action("assign-to-group", &input).expect("assigned");
    assert_eq!((&output["group_id"], &output["group_name"]), (&json!("g-2"), &json!(" Équipe ")));
}

#[test]
fn without_a_group_anywhere_the_input_is_wrong() {
    let error = host(&json!({}), vec![]).action("assign-to-group", &input()).expect_err("no group");
    let (kind, code, details) = shown(&error);
    assert_eq!((kind.as_str(), code.as_str()), ("Invalid", "group-missing"));
    assert_eq!(details["errors"][0]["pointer"], "/group");
    for group in ["", " "] {
        let input = json!({ "conversation_id": CONVERSATION, "group": group });
        assert_eq!(
            host(&support(), vec![]).action("assign-to-group", &input).expect_err("empty").code,
            "invalid-input"
        );
    }
}

#[test]
fn the_id_of_a_group_is_kept_for_an_hour() {
    let there = || groups(&[("g-1", "Support")]);
    let host = host(&support(), vec![there(), updated(), updated(), there(), updated()]);
    for seconds in [0, 3_599, 1] {
        host.advance(seconds);
        host.action("assign-to-group", &input()).expect("assigned");
    }
    assert_eq!(asked(&host), [GROUPS, PUT, PUT, GROUPS, PUT]);
}

#[test]
fn a_kept_group_that_is_refused_is_looked_up_once_more() {
    for refusal in
        [refused(400, "INVALID_VALUE", "no"), refused(404, "GROUP_NOT_FOUND", "group not found"), not_found()]
    {
        let answers = vec![
            groups(&[("g-1", "Support")]),
            updated(),
            refusal,
            groups(&[("g-9", "Support")]),
            updated(),
            updated(),
        ];
        let host = host(&support(), answers);
        for expected in ["g-1", "g-9", "g-9"] {
            let output = host.action("assign-to-group", &input()).expect("assigned");
            assert_eq!(output["group_id"], expected);
        }
        assert_eq!(asked(&host), [GROUPS, PUT, PUT, GROUPS, PUT, PUT]);
    }
}

#[test]
fn a_group_that_was_deleted_or_renamed_is_an_error() {
    let answers =
        vec![groups(&[("g-1", "Support")]), updated(), refused(400, "INVALID_VALUE", "no"), groups(&[("g-1", "Help")])];
    let host = host(&support(), answers);
    host.action("assign-to-group", &input()).expect("assigned");
    let error = host.action("assign-to-group", &input()).expect_err("there is none of this name");
    assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Invalid", "group-unknown"));
    assert!(error.message.contains("Help"), "{}", error.message);
}

#[test]
fn a_group_that_is_the_same_after_all_is_not_tried_again() {
    let there = || groups(&[("g-1", "Support")]);
    let answers = vec![there(), updated(), not_found(), there()];
    let host = host(&support(), answers);
    host.action("assign-to-group", &input()).expect("assigned");
    let error = host.action("assign-to-group", &input()).expect_err("it is the conversation");
    assert_eq!(error.code, "conversation-unknown");
    assert_eq!(asked(&host), [GROUPS, PUT, PUT, GROUPS]);
}

#[test]
fn a_refusal_of_a_group_that_was_just_looked_up_is_the_answer() {
    let rows = [
        (refused(400, "INVALID_VALUE", "no"), "request-refused"),
        (refused(404, "GROUP_NOT_FOUND", "no"), "group-unknown"),
        (not_found(), "conversation-unknown"),
    ];
    for (refusal, code) in rows {
        let host = host(&support(), vec![groups(&[("g-1", "Support")]), refusal]);
        let error = host.action("assign-to-group", &input()).expect_err("refused");
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Invalid", code));
        assert_eq!(asked(&host), [GROUPS, PUT]);
    }
}

#[test]
fn what_is_no_answer_of_the_api_is_no_assignment() {
    for body in ["<html>", "[]"] {
        let answers = vec![groups(&[("g-1", "Support")]), Ok(Response::new(200).with_body(body))];
        let error = host(&support(), answers).action("assign-to-group", &input()).expect_err("a page");
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "provider-protocol"));
    }
    for answer in [Ok(Response::new(202)), Ok(Response::new(204)), ok(&json!({ "code": 202, "status": "ACCEPTED" }))] {
        let answers = vec![groups(&[("g-1", "Support")]), answer];
        host(&support(), answers).action("assign-to-group", &input()).expect("accepted");
    }
}
