//! What every failure of a call becomes.

use hookyard_sdk::http::{self, Response};
use serde_json::{Value, json};

use crate::script::{Answer, answered, host, message, shown};

/// Kind, code, details and message of the error that an answer becomes. The call is made once.
fn error_of(answer: Answer) -> (String, String, Value, String, Option<u32>) {
    let host = host(&json!({}), vec![answer]);
    let error = host.action("send-message", &message()).expect_err("it fails");
    assert_eq!(host.requests().len(), 1, "never repeated");
    let (kind, code, details) = shown(&error);
    (kind, code, details, error.message, error.retry_after_ms)
}

#[test]
fn a_call_of_which_nobody_knows_the_outcome_is_never_repeated() {
    let unanswered = ["timeout", "closed", "protocol", "too-large", "secret-reflected"];
    for code in unanswered {
        let (kind, shown, ..) = error_of(Err(http::Error::new(code, "no answer")));
        assert_eq!((kind.as_str(), shown.as_str()), ("Failed", "outcome-unknown"), "{code}");
    }
    for status in [500, 502, 503, 504] {
        let (kind, code, details, ..) = error_of(Ok(Response::new(status).with_body("<html>")));
        assert_eq!(
            (kind.as_str(), code.as_str(), details),
            ("Failed", "outcome-unknown", json!({ "http_status": status }))
        );
    }
}

#[test]
fn a_call_that_was_not_made_or_was_put_off_may_be_made_again() {
    for code in ["dns", "connect", "tls"] {
        let (kind, shown, ..) = error_of(Err(http::Error::new(code, "no way")));
        assert_eq!((kind.as_str(), shown.as_str()), ("Unavailable", "provider-unavailable"), "{code}");
    }
    let (kind, code, _, _, wait) = error_of(Ok(Response::new(429).with_header("retry-after", "7")));
    assert_eq!((kind.as_str(), code.as_str(), wait), ("Unavailable", "rate-limited", Some(7_000)));
    let (kind, code, _, _, wait) = error_of(answered(200, &json!({ "statusCode": 429, "body": {} })));
    assert_eq!((kind.as_str(), code.as_str(), wait), ("Unavailable", "rate-limited", None));
}

#[test]
fn a_refusal_in_a_200_is_one() {
    let rows = [
        (json!({ "status": "error", "message": "no such task" }), json!("error"), "no such task"),
        (json!({ "status": " Error" }), json!("Error"), "Error"),
        (json!({ "status": "failed", "response": {} }), json!("failed"), "failed"),
        (
            json!({ "statusCode": 400, "body": { "status": "MISSING_DATA", "message": "chat_id" } }),
            json!("MISSING_DATA"),
            "chat_id",
        ),
        (json!({ "statusCode": "500", "message": "x" }), Value::Null, "x"),
    ];
    for (body, status, said) in rows {
        let (kind, code, details, message, _) = error_of(answered(200, &body));
        assert_eq!((kind.as_str(), code.as_str()), ("Failed", "provider-refused"), "{body}");
        assert_eq!((&details["http_status"], &details["status"]), (&json!(200), &status), "{body}");
        assert!(message.ends_with(&format!(": {said}")), "{message}");
    }
}

#[test]
fn a_refusal_says_why_in_a_few_words() {
    let why = format!("bad\n{}", "é".repeat(500));
    let body = json!({ "statusCode": 400, "body": { "status": "NOT_RUN", "message": why } });
    let (kind, code, details, message, _) = error_of(answered(400, &body));
    assert_eq!((kind.as_str(), code.as_str()), ("Failed", "provider-refused"));
    assert_eq!(details, json!({ "http_status": 400, "status": "NOT_RUN" }));
    assert!(message.starts_with("Selarti does not take the message: bad éé") && message.len() < 260, "{message}");
}

#[test]
fn credentials_that_are_refused_make_the_connection_unhealthy() {
    let refusals = [
        answered(401, &json!({})),
        Ok(Response::new(403).with_body("<html>no</html>")),
        answered(200, &json!({ "statusCode": 401, "body": { "status": "NO" } })),
    ];
    for refusal in refusals {
        let (kind, code, _, message, _) = error_of(refusal);
        assert_eq!((kind.as_str(), code.as_str()), ("Unauthorized", "provider-unauthorized"));
        assert!(message.contains("`auth`"), "{message}");
    }
}

#[test]
fn a_page_is_an_error_with_its_status() {
    let page = "<!DOCTYPE html>\n<html><title>Bubble</title></html>";
    for status in [200, 302, 400, 404, 405, 410] {
        let (kind, code, details, message, _) = error_of(Ok(Response::new(status).with_body(page)));
        assert_eq!(
            (kind.as_str(), code.as_str(), details),
            ("Failed", "provider-protocol", json!({ "http_status": status }))
        );
        assert!(message.contains(&format!("{status} with \"<!DOCTYPE html>")), "{message}");
    }
    let (_, code, _, message, _) = error_of(Ok(Response::new(200).with_body("\u{FEFF}\r\n <html>")));
    assert!(code == "provider-protocol" && message.contains("send_url"), "{message}");
    assert!(error_of(Ok(Response::new(404))).3.contains("send_url"));
}

#[test]
fn what_the_host_does_not_let_out_says_so() {
    for code in ["denied", "invalid", "too-many"] {
        let (kind, shown, ..) = error_of(Err(http::Error::new(code, "not granted")));
        assert_eq!((kind.as_str(), shown.as_str()), ("Failed", "egress-denied"), "{code}");
    }
}
