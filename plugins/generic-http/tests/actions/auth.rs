//! How requests prove whose they are.

use hookyard_sdk::http::Response;
use serde_json::{Value, json};

use crate::script::{answered, body, header, host, request};

fn with(auth: &Value) -> Value {
    json!({ "request": request("GET", &json!({ "auth": auth })) })
}

#[test]
fn a_bearer_token_goes_out_and_is_not_shown() {
    let host = host(vec![answered(200, "{}"), answered(200, "{}")]);
    let record = host.action("test", &with(&json!({ "type": "bearer", "token": { "secret": "rd" } }))).expect("sent");
    let expected = format!("Bearer {}", host.placeholder("/secrets/rd"));
    assert_eq!(header(&host.requests()[0], "authorization"), Some(expected.as_str()));
    assert_eq!(record["request_preview"]["headers"], json!([["authorization", "Bearer •••"]]));
    let literal = host.action("test", &with(&json!({ "type": "bearer", "token": { "text": "t0ken" } }))).expect("sent");
    assert_eq!(header(&host.requests()[1], "authorization"), Some("Bearer t0ken"));
    assert!(!literal.to_string().contains("t0ken"));
}

#[test]
fn user_and_password_are_encoded_by_the_host() {
    let basic = json!({ "type": "basic", "username": { "text": "u" }, "password": { "secret": "rd" } });
    let host = host(vec![answered(200, "{}")]);
    let record = host.action("test", &with(&basic)).expect("sent");
    let sent = host.requests()[0].clone();
    let value = header(&sent, "authorization").expect("a header");
    assert!(value.starts_with("Basic hysec_") && !value.contains(&host.placeholder("/secrets/rd")), "{value}");
    assert_eq!(record["request_preview"]["headers"], json!([["authorization", "Basic •••"]]));
}

#[test]
fn a_user_and_a_password_that_are_no_secrets_go_out_as_well() {
    let basic = json!({ "type": "basic", "username": { "text": "Aladdin" }, "password": { "text": "open sesame" } });
    let host = host(vec![answered(200, "{}")]);
    host.action("test", &with(&basic)).expect("sent");
    assert_eq!(header(&host.requests()[0], "authorization"), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
}

#[test]
fn a_token_is_fetched_once_and_anew_after_a_401() {
    let token = |token: &str| {
        answered(200, &json!({ "access_token": token, "token_type": "bearer", "expires_in": 3600 }).to_string())
    };
    let oauth2 = json!({
        "type": "oauth2", "token_url": "https://crm.rdstation.com/token", "client_id": { "text": "id" },
        "client_secret": { "secret": "rd" }, "scope": "a b",
    });
    let answers = vec![
        token("t1"),
        answered(200, "{}"),
        answered(200, "{}"),
        Ok(Response::new(401)),
        token("t2"),
        answered(200, "{}"),
    ];
    let host = host(answers);
    for _ in 0..3 {
        let record = host.action("test", &with(&oauth2)).expect("sent");
        assert_eq!((&record["ok"], &record["attempts"]), (&json!(true), &json!(1)));
        assert_eq!(record["request_preview"]["headers"], json!([["authorization", "Bearer •••"]]));
    }
    let requests = host.requests();
    assert_eq!(requests[0].url, "https://crm.rdstation.com/token");
    assert_eq!(body(&requests[0]), "grant_type=client_credentials&scope=a%20b");
    let sent: Vec<_> = requests
        .iter()
        .filter(|request| request.method == "GET")
        .filter_map(|request| header(request, "authorization"))
        .collect();
    assert_eq!(sent, ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]);
}

#[test]
fn credentials_that_are_refused_are_a_record() {
    let oauth2 = json!({
        "type": "oauth2", "token_url": "https://crm.rdstation.com/token", "client_id": { "text": "id" }, "client_secret": { "secret": "rd" },
    });
    let host = host(vec![answered(401, r#"{"error": "invalid_client"}"#)]);
    let record = host.action("test", &with(&oauth2)).expect("a record");
    assert_eq!((&record["error"]["kind"], &record["status_code"]), (&json!("config"), &Value::Null));
}
