//! What every failure of a call becomes.

use hookyard_sdk::http::{self, Response};
use serde_json::{Value, json};

use crate::script::{Answer, answered, host, one, said, shown};

/// Kind, code, details, message and pause of the error that an answer to `send-messages` becomes. The call is made once.
fn error_of(answer: Answer) -> (String, String, Value, String, Option<u32>) {
    let host = host(&json!({}), vec![answer]);
    let error = host.action("send-messages", &one()).expect_err("it fails");
    assert_eq!((host.requests().len(), host.timers().len()), (1, 0), "never repeated, and nothing to follow");
    let (kind, code, details) = shown(&error);
    (kind, code, details, error.message, error.retry_after_ms)
}

/// The same of `get-status`.
fn asking_error_of(answer: Answer) -> (String, String) {
    let host = host(&json!({}), vec![answer]);
    let (kind, code, _) = shown(&host.action("get-status", &json!({ "id": "m1" })).expect_err("it fails"));
    (kind, code)
}

#[test]
fn a_call_of_which_nobody_knows_the_outcome_is_never_repeated() {
    for code in ["timeout", "closed", "protocol", "too-large", "secret-reflected"] {
        let (kind, shown, ..) = error_of(Err(http::Error::new(code, "no answer")));
        assert_eq!((kind.as_str(), shown.as_str()), ("Failed", "outcome-unknown"), "{code}");
    }
    for status in [500, 502, 503, 504] {
        for body in ["<html>", r#"{"success": true, "ids": ["m1"]}"#] {
            let (kind, code, details, ..) = error_of(said(status, body));
            assert_eq!(
                (kind.as_str(), code.as_str(), details),
                ("Failed", "outcome-unknown", json!({ "http_status": status }))
            );
        }
    }
}

#[test]
fn a_status_may_be_asked_for_again() {
    for answer in
        [Err(http::Error::new("timeout", "no answer")), said(500, "<html>"), Err(http::Error::new("closed", "x"))]
    {
        assert_eq!(asking_error_of(answer), ("Unavailable".to_owned(), "provider-unavailable".to_owned()));
    }
}

#[test]
fn a_call_that_was_not_made_or_was_put_off_may_be_made_again() {
    for code in ["dns", "connect", "tls"] {
        let (kind, shown, ..) = error_of(Err(http::Error::new(code, "no way")));
        assert_eq!((kind.as_str(), shown.as_str()), ("Unavailable", "provider-unavailable"), "{code}");
    }
    for (header, expected) in [("7", Some(7_000)), ("86400", Some(3_600_000)), ("soon", None)] {
        let (kind, code, _, _, wait) = error_of(Ok(Response::new(429).with_header("retry-after", header)));
        assert_eq!((kind.as_str(), code.as_str(), wait), ("Unavailable", "rate-limited", expected), "{header}");
    }
    assert_eq!(asking_error_of(said(429, "")), ("Unavailable".to_owned(), "rate-limited".to_owned()));
}

#[test]
fn a_token_that_is_not_accepted_is_told_with_any_status() {
    for code in [json!(99), json!("99"), json!("USER_NOT_AUTHORIZED"), json!("user_not_authorized "), Value::Null] {
        for status in [200, 400, 401, 403] {
            if code.is_null() && status < 401 {
                continue;
            }
            let (kind, shown, details, message, _) =
                error_of(answered(status, &json!({ "errorCode": code, "success": false })));
            assert_eq!((kind.as_str(), shown.as_str()), ("Unauthorized", "provider-unauthorized"), "{code} {status}");
            assert!(details["http_status"] == status && message.contains("auth_token"), "{message}");
        }
    }
    assert_eq!(error_of(said(403, "<html>Forbidden</html>")).1, "provider-unauthorized");
    let refused = answered(200, &json!({ "errorCode": 99, "success": false }));
    assert_eq!(asking_error_of(refused), ("Unauthorized".to_owned(), "provider-unauthorized".to_owned()));
}

#[test]
fn an_error_counts_although_the_status_says_success() {
    let rows = [
        (json!({ "errorCode": 2, "success": false }), "Invalid", "missing-params", json!(2)),
        (json!({ "errorCode": "2", "success": true, "ids": ["m1"] }), "Invalid", "missing-params", json!(2)),
        (json!({ "errorCode": "Missing_Params" }), "Invalid", "missing-params", json!(2)),
        (json!({ "errorCode": 7, "success": true, "ids": ["m1"] }), "Failed", "feedbot-error", json!(7)),
        (json!({ "errorCode": "QUOTA", "success": false }), "Failed", "feedbot-error", json!("QUOTA")),
        (json!({ "errorCode": { "a": 1 } }), "Failed", "feedbot-error", json!("{\"a\":1}")),
        (json!({ "errorCode": null, "success": false, "ids": ["m1"] }), "Failed", "feedbot-error", Value::Null),
        (json!({ "success": "False" }), "Failed", "feedbot-error", Value::Null),
    ];
    for (body, kind, code, error_code) in rows {
        for status in [200, 400] {
            let (found_kind, found, details, ..) = error_of(answered(status, &body));
            assert_eq!((found_kind.as_str(), found.as_str()), (kind, code), "{body} {status}");
            assert_eq!((&details["http_status"], &details["error_code"]), (&json!(status), &error_code), "{body}");
        }
    }
}

#[test]
fn a_code_is_shown_in_a_few_bytes() {
    let (_, _, details, message, _) = error_of(answered(200, &json!({ "errorCode": "é".repeat(500) })));
    assert!(details["error_code"].as_str().is_some_and(|code| code.len() <= 200) && message.len() < 260, "{message}");
}

#[test]
fn what_is_no_answer_is_an_error_with_its_status_and_its_beginning() {
    let page = "<!DOCTYPE html>\n<html><title>404</title></html>";
    for status in [200, 302, 400, 404] {
        let (kind, code, details, message, _) = error_of(said(status, page));
        assert_eq!(
            (kind.as_str(), code.as_str(), details),
            ("Failed", "provider-protocol", json!({ "http_status": status }))
        );
        assert!(message.contains(&format!("{status} with \"<!DOCTYPE html>")) && message.len() < 400, "{message}");
    }
    for body in ["", "OK", "[]", "null", "{\"success\": true"] {
        assert_eq!(error_of(said(200, body)).1, "provider-protocol", "{body}");
    }
    let success = json!({ "errorCode": null, "success": true, "ids": ["m1"] });
    assert_eq!(error_of(answered(404, &success)).1, "provider-protocol", "the status counts, too");
}

#[test]
fn what_the_host_does_not_let_out_says_so() {
    for code in ["denied", "invalid", "too-many"] {
        let (kind, shown, ..) = error_of(Err(http::Error::new(code, "not granted")));
        assert_eq!((kind.as_str(), shown.as_str()), ("Failed", "egress-denied"), "{code}");
    }
}
