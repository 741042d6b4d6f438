//! Freshchat's errors, row by row, and everything that is no error of Freshchat's.

use hookyard_sdk::Error;
use hookyard_sdk::http::{self, Response};
use serde_json::{Value, json};

use crate::script::{Answer, CONVERSATION, host, not_found, refused, sent, shown};

fn input() -> Value {
    json!({ "conversation_id": CONVERSATION, "text": "x" })
}

fn sending(answer: Answer) -> Error {
    host(&json!({}), vec![answer]).action("send-message", &input()).expect_err("it fails")
}

fn resolving(answer: Answer) -> Error {
    let input = json!({ "conversation_id": CONVERSATION });
    host(&json!({}), vec![answer]).action("resolve", &input).expect_err("it fails")
}

#[test]
fn a_token_that_is_not_accepted_makes_the_connection_unhealthy() {
    for status in [401, 403] {
        for answer in [refused(status, "UNAUTHENTICATED", "no"), Ok(Response::new(status).with_body("<html>"))] {
            let error = sending(answer);
            let (kind, code, details) = shown(&error);
            assert_eq!((kind.as_str(), code.as_str()), ("Unauthorized", "provider-unauthorized"));
            assert_eq!(details["http_status"], json!(status));
            assert!(error.message.contains("access_token"), "{}", error.message);
        }
    }
}

#[test]
fn a_conversation_of_which_no_other_id_is_known_is_unknown_at_once() {
    let error = sending(not_found());
    let details = json!({ "http_status": 404, "provider_status": "CONVERSATION_NOT_FOUND" });
    assert_eq!(shown(&error), ("Invalid".into(), "conversation-unknown".into(), details.clone()));
    assert_eq!(shown(&resolving(not_found())), ("Invalid".into(), "conversation-unknown".into(), details));
    assert_eq!(sending(Ok(Response::new(404))).code, "conversation-unknown");
}

#[test]
fn a_conversation_that_has_a_successor_takes_no_more() {
    let said = "Message cannot be posted: Not the latest conversation of the user";
    let error = sending(refused(400, "INVALID_VALUE", said));
    let details = json!({ "http_status": 400, "provider_status": "INVALID_VALUE" });
    assert_eq!(shown(&error), ("Invalid".into(), "conversation-closed".into(), details));
    let older = json!({ "error_code": 400, "error_message": "not the latest conversation" });
    assert_eq!(sending(Ok(Response::new(400).with_json(&older))).code, "conversation-closed");
}

#[test]
fn what_freshchat_refuses_is_said_in_its_words() {
    let rows = [
        (refused(400, "INVALID_VALUE", "IMAGE_EMPTY_CONTENT"), "(400): INVALID_VALUE: IMAGE_EMPTY_CONTENT"),
        (Ok(Response::new(400).with_json(&json!({ "error_code": "BAD", "error_message": "no" }))), "(400): BAD: no"),
        (Ok(Response::new(422).with_body("<html>\n <p>No</p>")), "(422): <html> <p>No</p>"),
        (Ok(Response::new(409)), "(409)"),
        (Ok(Response::new(400).with_json(&json!({ "code": 400, "status": null, "message": ["x"] }))), "(400): {"),
    ];
    for (answer, words) in rows {
        let error = sending(answer);
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Invalid", "request-refused"), "{words}");
        assert!(error.message.contains(words), "{}", error.message);
    }
    let long = "é".repeat(1_000);
    let error = sending(refused(400, &long, &long));
    assert!(error.message.len() < 300, "{}", error.message);
    assert!(shown(&error).2["provider_status"].as_str().is_some_and(|said| said.len() <= http::EXCERPT_BYTES_MAX));
}

#[test]
fn a_failure_of_what_may_be_repeated_is_tried_again() {
    for status in [500, 502, 503, 504] {
        let error = resolving(Ok(Response::new(status).with_body("<html>")));
        let expected = ("Unavailable".into(), "provider-unavailable".into(), json!({ "http_status": status }));
        assert_eq!(shown(&error), expected);
    }
    for code in ["dns", "connect", "tls", "timeout", "closed"] {
        let error = resolving(Err(http::Error::new(code, "no way")));
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Unavailable", "provider-unavailable"), "{code}");
    }
}

#[test]
fn a_pause_is_as_long_as_freshchat_says_and_never_longer_than_an_hour() {
    let limited = |value: &str| Ok(Response::new(429).with_header("retry-after", value));
    let rows = [("7", 7_000), ("0", 0), ("999999999", 3_600_000), ("Thu, 01 Jan 2026 00:01:30 GMT", 90_000)];
    for (value, ms) in rows {
        let error = sending(limited(value));
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Unavailable", "rate-limited"), "{value}");
        assert_eq!(error.retry_after_ms, Some(ms), "{value}");
    }
}

#[test]
fn a_pause_without_a_length_doubles_with_every_run() {
    let rows = [(1, 1_000), (2, 2_000), (3, 4_000), (5, 16_000), (6, 30_000), (70, 30_000), (u32::MAX, 30_000)];
    for (attempt, ms) in rows {
        let host = host(&json!({}), vec![refused(429, "TOO_MANY_REQUESTS", "slow down")]);
        host.set_attempt(attempt);
        let error = host.action("send-message", &input()).expect_err("limited");
        assert_eq!(error.retry_after_ms, Some(ms), "run {attempt}");
    }
}

#[test]
fn what_freshchat_does_not_document_is_said_so() {
    for status in [101, 302, 304] {
        let error = sending(Ok(Response::new(status)));
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "provider-protocol"), "{status}");
    }
    for body in ["<html>", "[]", "\"ok\""] {
        let error = resolving(Ok(Response::new(200).with_body(body)));
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "provider-protocol"), "{body}");
    }
}

#[test]
fn what_the_host_refuses_has_the_shared_code() {
    for code in ["denied", "invalid", "too-many"] {
        let error = sending(Err(http::Error::new(code, "because")));
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "egress-denied"), "{code}");
    }
}

#[test]
fn nothing_of_a_failure_is_kept() {
    let host = host(&json!({}), vec![not_found(), sent("m-1")]);
    host.action("send-message", &input()).expect_err("unknown");
    host.action("send-message", &input()).expect("it is there now");
    assert_eq!(host.value(&format!("ids/{CONVERSATION}")), None);
}
