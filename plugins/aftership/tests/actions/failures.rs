//! AfterShip's errors, row by row, and everything that is no error of AfterShip's.

use hookyard_sdk::Error;
use hookyard_sdk::http::{self, Response};
use hookyard_sdk::testing::START;
use serde_json::{Value, json};

use crate::script::{Answer, host, refused, shown};

fn fails(answer: Answer) -> Error {
    let host = host(&json!({ "on_existing": "error" }), vec![answer]);
    host.action("track-shipment", &json!({ "tracking_number": "LX1" })).expect_err("it fails")
}

#[test]
fn every_code_of_aftership_has_its_error() {
    let rows = [
        (400, 400, "request-refused"),
        (400, 4001, "request-refused"),
        (400, 4002, "request-refused"),
        (400, 4003, "tracking-exists"),
        (404, 4004, "tracking-not-found"),
        (400, 4005, "tracking-number-invalid"),
        (400, 4006, "request-refused"),
        (400, 4007, "tracking-number-invalid"),
        (400, 4008, "request-refused"),
        (400, 4009, "request-refused"),
        (400, 4010, "courier-unknown"),
        (400, 4011, "courier-needs-fields"),
        (400, 4012, "courier-unknown"),
        (400, 4013, "request-refused"),
        (400, 4015, "request-refused"),
        (400, 4016, "request-refused"),
        (400, 4017, "tracking-number-invalid"),
        (400, 4099, "request-refused"),
        (404, 404, "request-refused"),
    ];
    for (status, meta, code) in rows {
        let error = fails(refused(status, meta, "BadRequest", "What AfterShip says."));
        let details = json!({ "http_status": status, "meta_code": meta, "meta_type": "BadRequest" });
        assert_eq!(shown(&error), ("Invalid".into(), code.into(), details), "{meta}");
        assert!(error.message.ends_with(&format!("({meta}): What AfterShip says.")), "{}", error.message);
    }
}

#[test]
fn refused_credentials_a_pause_and_a_failure_have_their_kinds() {
    let rows = [
        (401, 401, "Unauthorized", "provider-unauthorized"),
        (403, 403, "Unauthorized", "provider-unauthorized"),
        (429, 429, "Unavailable", "rate-limited"),
        (500, 500, "Unavailable", "provider-unavailable"),
        (502, 502, "Unavailable", "provider-unavailable"),
        (503, 503, "Unavailable", "provider-unavailable"),
        (504, 504, "Unavailable", "provider-unavailable"),
    ];
    for (status, meta, kind, code) in rows {
        let error = fails(refused(status, meta, "T", "m"));
        let details = json!({ "http_status": status, "meta_code": meta, "meta_type": "T" });
        assert_eq!(shown(&error), (kind.into(), code.into(), details), "{status}");
        let bare = fails(Ok(Response::new(status).with_body("<html><body>Bad gateway</body></html>")));
        assert_eq!(shown(&bare), (kind.into(), code.into(), json!({ "http_status": status })), "{status} as HTML");
    }
}

#[test]
fn a_pause_lasts_until_the_reset_but_never_longer_than_a_minute() {
    let limited = |headers: &[(&str, String)]| {
        let response = Response::new(429).with_json(&json!({ "meta": { "code": 429 } }));
        fails(Ok(headers.iter().fold(response, |response, (name, value)| response.with_header(*name, value))))
            .retry_after_ms
    };
    let reset =
        |seconds: i64| limited(&[("x-ratelimit-reset", (i64::try_from(START).expect("small") + seconds).to_string())]);
    assert_eq!(reset(1), Some(1_000));
    assert_eq!(reset(59), Some(59_000));
    assert_eq!(reset(86_400), Some(60_000));
    assert_eq!((reset(0), reset(-5)), (Some(0), Some(0)));
    assert_eq!(limited(&[("x-ratelimit-reset", "-1".into())]), Some(0));
    assert_eq!(limited(&[]), None);
    assert_eq!(limited(&[("x-ratelimit-reset", "soon".into())]), None);
    assert_eq!(limited(&[("retry-after", "7".into())]), Some(7_000));
    assert_eq!(limited(&[("retry-after", "7200".into())]), Some(60_000));
}

#[test]
fn an_answer_that_is_not_as_documented_is_told_with_its_status() {
    let rows = [
        (200, "", "empty"),
        (201, "{\"meta\":{\"code\":201},\"data\":{\"tracking\":{\"id\":\"t1\"", "truncated"),
        (200, "<html>hello</html>", "HTML"),
        (201, "{\"data\":{\"tracking\":{\"id\":\"t1\",\"tracking_number\":\"LX1\"}}}", "no meta"),
        (201, "{\"meta\":[],\"data\":{}}", "another meta"),
        (201, "{\"meta\":{\"code\":{}},\"data\":{}}", "another code"),
        (201, "{\"meta\":{\"code\":201}}", "no data"),
        (201, "{\"meta\":{\"code\":201},\"data\":null}", "null data"),
        (201, "{\"meta\":{\"code\":201},\"data\":[]}", "another data"),
        (201, "{\"meta\":{\"code\":201},\"data\":{}}", "no tracking"),
        (201, "{\"meta\":{\"code\":201},\"data\":{\"tracking\":{\"id\":\"t1\"}}}", "no number"),
        (201, "{\"meta\":{\"code\":201},\"data\":{\"tracking\":{\"tracking_number\":\"LX1\"}}}", "no id"),
        (201, "{\"meta\":{\"code\":201},\"meta\":{\"code\":201},\"data\":{}}", "meta twice"),
        (302, "", "a redirect"),
        (404, "<h1>Not found</h1>", "another 4xx"),
        (418, "{\"meta\":{\"code\":200}}", "contradictory"),
        (200, "{\"meta\":{\"code\":999}}", "unknown code"),
    ];
    for (status, body, what) in rows {
        let error = fails(Ok(Response::new(status).with_body(body)));
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "provider-protocol"), "{what}");
        assert_eq!(shown(&error).2["http_status"], json!(status), "{what}");
    }
}

#[test]
fn a_success_that_says_it_is_none_is_an_error_and_a_code_may_be_text() {
    let with =
        |status, code: &Value| Ok(Response::new(status).with_json(&json!({ "meta": { "code": code }, "data": {} })));
    assert_eq!(fails(with(200, &json!(4004))).code, "tracking-not-found");
    assert_eq!(fails(with(200, &json!("4010"))).code, "courier-unknown");
    assert_eq!(fails(with(400, &json!("4003"))).code, "tracking-exists");
    assert_eq!(fails(with(200, &json!(401))).code, "provider-unauthorized");
    assert_eq!(fails(with(200, &json!(429))).code, "rate-limited");
    assert_eq!(fails(with(200, &json!(503))).code, "provider-unavailable");
    assert_eq!(shown(&fails(with(400, &json!("4003")))).2, json!({ "http_status": 400, "meta_code": 4003 }));
}

#[test]
fn text_of_aftership_is_shown_in_one_short_line() {
    let long = format!("line one\r\nline two\t{}", "é".repeat(1_000));
    let error = fails(refused(400, 4008, &long, &long));
    assert!(error.message.contains("line one line two é") && error.message.len() < 300, "{}", error.message);
    assert!(shown(&error).2["meta_type"].as_str().is_some_and(|kind| kind.len() <= http::EXCERPT_BYTES_MAX));
}

#[test]
fn what_the_host_refuses_or_withholds_has_the_shared_codes() {
    let rows = [
        ("denied", "Failed", "egress-denied"),
        ("invalid", "Failed", "egress-denied"),
        ("dns", "Unavailable", "provider-unavailable"),
        ("connect", "Unavailable", "provider-unavailable"),
        ("tls", "Unavailable", "provider-unavailable"),
        ("too-large", "Failed", "provider-protocol"),
        ("protocol", "Failed", "provider-protocol"),
        ("secret-reflected", "Failed", "provider-protocol"),
    ];
    for (host_code, kind, code) in rows {
        let error = fails(Err(http::Error::new(host_code, "because")));
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), (kind, code), "{host_code}");
    }
}
