//! The exchange of the secret for a token, which the host makes.

use hookyard_sdk::http::{self, Request, Response};
use hookyard_sdk::testing::Host;
use selarti::Selarti;
use serde_json::{Value, json};

use crate::script::{SEND_URL, answered, body, header, host, message, shown, success};

const AUTH_URL: &str = "https://selarti.com/api/1.1/wf/auth";

fn config() -> Value {
    json!({ "auth": { "mode": "exchange", "secret": "api-key-1" } })
}

fn token(token: &str) -> Result<Response, http::Error> {
    answered(200, &json!({ "status": "success", "response": { "token": token } }))
}

fn asked(host: &Host<Selarti>) -> Vec<String> {
    host.requests().iter().map(|request| request.url.clone()).collect()
}

fn authorization(request: &Request) -> Option<&str> {
    header(request, "authorization")
}

#[test]
fn the_secret_is_exchanged_once_for_all_messages() {
    let host = host(&config(), vec![token("t-1"), success(), success()]);
    for _ in 0..2 {
        host.action("send-message", &message()).expect("sent");
    }
    let requests = host.requests();
    assert_eq!(asked(&host), [AUTH_URL, SEND_URL, SEND_URL]);
    assert_eq!(body(&requests[0]), format!(r#"{{"key":"{}"}}"#, host.placeholder("/auth/secret")));
    assert_eq!((requests[0].method.as_str(), authorization(&requests[0])), ("POST", None));
    for request in &requests[1..] {
        assert_eq!(authorization(request), Some("Bearer t-1"));
        assert!(!body(request).contains("hysec_"));
    }
}

#[test]
fn the_config_says_where_and_how_the_exchange_is_made() {
    let auth = json!({
        "mode": "exchange", "secret": "api-key-1", "url": "https://auth.example/version-test/api/1.1/wf/auth", "body_field": "api_key",
        "token_pointer": "/token",
    });
    let host = host(&json!({ "auth": auth }), vec![answered(200, &json!({ "token": "t-2" })), success()]);
    host.action("send-message", &message()).expect("sent");
    let requests = host.requests();
    assert_eq!(asked(&host), ["https://auth.example/version-test/api/1.1/wf/auth", SEND_URL]);
    assert!(body(&requests[0]).starts_with(r#"{"api_key":"hysec_"#));
    assert_eq!(authorization(&requests[1]), Some("Bearer t-2"));
}

#[test]
fn a_token_that_is_not_accepted_is_renewed_once() {
    let renewed = host(&config(), vec![token("t-1"), answered(401, &json!({})), token("t-2"), success()]);
    renewed.action("send-message", &message()).expect("sent with the new one");
    let sent: Vec<String> = renewed.requests().iter().filter_map(authorization).map(str::to_owned).collect();
    assert_eq!((asked(&renewed).len(), sent), (4, vec!["Bearer t-1".to_owned(), "Bearer t-2".to_owned()]));
    let refused =
        host(&config(), vec![token("t-1"), answered(401, &json!({})), token("t-2"), answered(401, &json!({}))]);
    let error = refused.action("send-message", &message()).expect_err("refused twice");
    assert_eq!((shown(&error).0.as_str(), shown(&error).1.as_str()), ("Unauthorized", "provider-unauthorized"));
    assert_eq!(asked(&refused).len(), 4);
}

#[test]
fn an_exchange_that_gives_no_token_is_an_error_and_nothing_is_sent() {
    let rows = [
        (answered(401, &json!({ "statusCode": 401, "body": {} })), "Unauthorized", "provider-unauthorized"),
        (answered(200, &json!({ "status": "success", "response": {} })), "Failed", "provider-protocol"),
        (answered(200, &json!({ "status": "success", "response": { "token": 7 } })), "Failed", "provider-protocol"),
        (answered(200, &json!({ "status": "error" })), "Failed", "provider-protocol"),
        (answered(200, &json!({ "statusCode": 400, "body": { "message": "x" } })), "Failed", "provider-protocol"),
        (Ok(Response::new(200).with_body("<html>")), "Failed", "provider-protocol"),
        (Ok(Response::new(503)), "Unavailable", "provider-unavailable"),
        (Err(http::Error::new("timeout", "no answer")), "Unavailable", "provider-unavailable"),
    ];
    for (answer, kind, code) in rows {
        let what = format!("{answer:?}");
        let host = host(&config(), vec![answer]);
        let error = host.action("send-message", &message()).expect_err("no token");
        assert_eq!((shown(&error).0.as_str(), shown(&error).1.as_str()), (kind, code), "{what}");
        assert_eq!(asked(&host), [AUTH_URL], "{what}");
    }
}

#[test]
fn the_other_modes_exchange_nothing() {
    for auth in [
        json!({ "mode": "none" }),
        json!({ "mode": "header", "name": "Authorization", "prefix": "Key ", "secret": "s" }),
    ] {
        let host = host(&json!({ "auth": auth }), vec![success()]);
        host.action("send-message", &message()).expect("sent");
        assert_eq!(asked(&host), [SEND_URL]);
        assert!(authorization(&host.requests()[0]).is_none_or(|value| value.starts_with("Key hysec_")));
    }
}
