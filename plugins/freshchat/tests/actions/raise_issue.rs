//! The action `raise-issue`: reply, then assign, then mute.

use hookyard_sdk::http::{self, Response};
use serde_json::{Value, json};

use crate::script::{
    CONVERSATION, asked, body, groups, host, is_muted, not_found, refused, sent, shown, timeout, updated,
};

const POST: &str = "POST /conversations/c-1/messages";
const PUT: &str = "PUT /conversations/c-1";
const GROUPS: &str = "GET /groups?page=1&items_per_page=20";

fn input(members: &Value) -> Value {
    let mut input = json!({ "conversation_id": CONVERSATION });
    for (name, value) in members.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    input
}

fn support() -> Value {
    json!({ "group_name": "Support" })
}

#[test]
fn the_text_is_sent_then_the_group_assigned_then_the_bot_muted() {
    let host = host(&support(), vec![sent("m-1"), groups(&[("g-1", "Support")]), updated()]);
    let output = host.action("raise-issue", &input(&json!({ "text": "One moment." }))).expect("raised");
    assert_eq!(output, json!({ "assigned": true, "muted": true, "group_id": "g-1", "message_ids": ["m-1"] }));
    assert_eq!(asked(&host), [POST, GROUPS, PUT]);
    assert_eq!(body(&host.requests()[0])["message_parts"], json!([{ "text": { "content": "One moment." } }]));
    assert_eq!(body(&host.requests()[2]), json!({ "status": "new", "assigned_group_id": "g-1" }));
    assert!(is_muted(&host));
}

#[test]
fn without_a_text_nothing_is_sent() {
    for text in [json!({}), json!({ "text": "" }), json!({ "text": " \n" })] {
        let host = host(&json!({}), vec![groups(&[("g-2", "VIP")]), updated()]);
        let mut members = text;
        members["group"] = json!("VIP");
        let output = host.action("raise-issue", &input(&members)).expect("raised");
        assert_eq!(output, json!({ "assigned": true, "muted": true, "group_id": "g-2", "message_ids": [] }));
        assert_eq!(asked(&host), [GROUPS, PUT]);
    }
}

#[test]
fn without_a_group_the_bot_goes_on() {
    let host = host(&json!({}), vec![sent("m-1")]);
    let output = host.action("raise-issue", &input(&json!({ "text": "I do not know." }))).expect("said");
    assert_eq!(output, json!({ "assigned": false, "muted": false, "message_ids": ["m-1"] }));
    assert!(!is_muted(&host));
    let output = host.action("raise-issue", &input(&json!({}))).expect("nothing to do");
    assert_eq!(output, json!({ "assigned": false, "muted": false, "message_ids": [] }));
}

#[test]
fn a_failed_assignment_never_mutes() {
    let rows = [
        (vec![refused(503, "SERVICE_UNAVAILABLE", "later")], "provider-unavailable"),
        (vec![groups(&[("g-1", "Sales")])], "group-unknown"),
        (vec![groups(&[("g-1", "Support"), ("g-2", "Support")])], "group-ambiguous"),
        (vec![groups(&[("g-1", "Support")]), timeout()], "provider-unavailable"),
        (vec![groups(&[("g-1", "Support")]), Ok(Response::new(500))], "provider-unavailable"),
        (vec![groups(&[("g-1", "Support")]), Ok(Response::new(429))], "rate-limited"),
        (vec![groups(&[("g-1", "Support")]), refused(400, "INVALID_VALUE", "no")], "request-refused"),
        (vec![groups(&[("g-1", "Support")]), refused(401, "UNAUTHENTICATED", "no")], "provider-unauthorized"),
        (vec![groups(&[("g-1", "Support")]), not_found()], "conversation-unknown"),
        (vec![groups(&[("g-1", "Support")]), Err(http::Error::new("denied", "no"))], "egress-denied"),
    ];
    for (answers, code) in rows {
        let silent = host(&support(), answers.clone());
        let error = silent.action("raise-issue", &input(&json!({}))).expect_err("not assigned");
        assert_eq!((error.code.as_str(), is_muted(&silent)), (code, false));

        // What was said must not be said again: nothing repeats it by itself.
        let speaking = host(&support(), [vec![sent("m-1")], answers].concat());
        let error =
            speaking.action("raise-issue", &input(&json!({ "text": "One moment." }))).expect_err("not assigned");
        let (kind, shown_code, details) = shown(&error);
        assert_eq!(
            (kind.as_str(), shown_code.as_str(), is_muted(&speaking)),
            ("Failed", "partly-sent", false),
            "{code}"
        );
        assert_eq!((&details["message_ids"], &details["cause"]), (&json!(["m-1"]), &json!(code)));
    }
}

#[test]
fn where_the_text_cannot_be_sent_nothing_is_assigned() {
    for (failure, code) in [(not_found(), "conversation-unknown"), (timeout(), "outcome-unknown")] {
        let host = host(&support(), vec![failure]);
        let error = host.action("raise-issue", &input(&json!({ "text": "One moment." }))).expect_err("not sent");
        assert_eq!((error.code.as_str(), is_muted(&host)), (code, false));
        assert_eq!(asked(&host), [POST]);
    }
}
