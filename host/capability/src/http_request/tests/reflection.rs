use serde_json::{Value, json};

use super::provider::{Provider, Seen, reply};
use super::world::World;
use super::*;
use crate::effects::Effects;

const KEY: &str = "k3y/with+odd\"letters";

fn calling(credentials: &Value) -> (Effects, String) {
    let world = World::new();
    let config = json!({"api_key": KEY, "user": "me", "password": "hunter2-hunter2"});
    let connection = world.connection(&["api.test"], credentials, config);
    (world.invocation(&connection), connection.placeholder("/api_key").to_owned())
}

fn put() -> Value {
    json!([{"hosts": ["api.test"], "header": "x-api-key", "value": "{secret:/api_key}"}])
}

#[tokio::test]
async fn an_answer_that_holds_a_secret_is_withheld_and_logged() {
    let bodies = [
        format!("you sent {KEY}"),
        "x: azN5L3dpdGgrb2RkImxldHRlcnM=".to_owned(),
        "{\"echo\": \"k3y/with+odd\\\"letters\"}".to_owned(),
        "key=k3y%2Fwith%2Bodd%22letters".to_owned(),
        "6b33792f776974682b6f6464226c657474657273".to_owned(),
        format!("{}{KEY}", "x".repeat(limit::EGRESS_SEARCHED_BYTES - KEY.len())),
        // Of a secret that was not even sent.
        "hunter2-hunter2".to_owned(),
    ];
    for body in bodies {
        let answer = body.clone();
        let provider = Provider::start(move |_| reply(200, &[], answer.clone())).await;
        for max_body_bytes in [None, Some(5)] {
            let (effects, _) = calling(&put());
            let request = HttpRequest { max_body_bytes, ..get(provider.url("api.test", "/")) };
            let message = refused(effects.requests().send(request).await, HttpErrorCode::SecretReflected);
            assert!(!message.contains("k3y"), "{message}");
            let log = effects.into_draft().log;
            assert_eq!((log.lines.len(), &log.lines[0].message), (1, &message), "{body}");
        }
    }
}

#[tokio::test]
async fn headers_are_searched_as_well_those_of_redirects_included() {
    for status in [200, 302] {
        let provider = Provider::start(move |seen: &Seen| {
            let key = seen.header("x-api-key").unwrap_or_default().to_owned();
            reply(status, &[("x-echo", &key), ("location", "/")], "ok")
        })
        .await;
        let (effects, _) = calling(&put());
        let request = HttpRequest { max_redirects: 2, ..get(provider.url("api.test", "/")) };
        refused(effects.requests().send(request).await, HttpErrorCode::SecretReflected);
        assert_eq!(provider.seen().len(), 1);
    }
}

#[tokio::test]
async fn basic_and_derived_credentials_are_recognised_too() {
    let echo = |seen: &Seen| reply(200, &[], seen.header("authorization").unwrap_or_default().to_owned());
    let provider = Provider::start(echo).await;
    let (effects, _) = calling(&json!([{"hosts": ["api.test"], "basic": ["{config:/user}", "{secret:/password}"]}]));
    refused(effects.requests().send(get(provider.url("api.test", "/"))).await, HttpErrorCode::SecretReflected);
    let (effects, key) = calling(&json!([{"hosts": ["api.test"], "place": ["header"], "secret": "/api_key"}]));
    let once = effects.derive_secret("hex", &key).expect("derived");
    let twice = effects.derive_secret("base64", &once).expect("derived");
    let request = HttpRequest { headers: vec![("authorization".into(), twice)], ..get(provider.url("api.test", "/")) };
    refused(effects.requests().send(request).await, HttpErrorCode::SecretReflected);
}

#[tokio::test]
async fn a_credential_that_reflects_excepts_its_own_secrets_only() {
    let provider = Provider::start(|seen: &Seen| {
        let key = seen.header("x-api-key").unwrap_or_default();
        let more = if seen.target == "/more" { "hunter2-hunter2" } else { "" };
        reply(200, &[], format!("{key} {more}"))
    })
    .await;
    let mut credentials = put();
    credentials[0]["reflects"] = json!(true);
    let (effects, _) = calling(&credentials);
    let answer = effects.requests().send(get(provider.url("api.test", "/"))).await.expect("an answer");
    assert_eq!(answer.body.as_ref(), format!("{KEY} ").as_bytes());
    refused(effects.requests().send(get(provider.url("api.test", "/more"))).await, HttpErrorCode::SecretReflected);
    let placing = json!([{"hosts": ["api.test"], "place": ["header"], "secret": "/api_key", "reflects": true}]);
    let (effects, key) = calling(&placing);
    let derived = effects.derive_secret("json-string", &key).expect("derived");
    let request = HttpRequest { headers: vec![("x-api-key".into(), derived)], ..get(provider.url("api.test", "/")) };
    assert_eq!(effects.requests().send(request).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn what_lies_beyond_the_searched_beginning_passes() {
    let late = format!("{}{KEY}", "x".repeat(limit::EGRESS_SEARCHED_BYTES));
    let provider = Provider::start(move |_| reply(200, &[], late.clone())).await;
    let (effects, _) = calling(&put());
    assert_eq!(effects.requests().send(get(provider.url("api.test", "/"))).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn no_answer_is_compressed_where_there_are_secrets_to_look_for() {
    let provider = Provider::start(|seen: &Seen| {
        let body = if seen.target == "/empty" { "" } else { "\u{1f}compressed" };
        match seen.target.as_str() {
            "/identity" => reply(200, &[("content-encoding", " Identity")], "plain"),
            "/twice" => reply(200, &[("content-encoding", "identity"), ("content-encoding", "br")], body),
            _ => reply(200, &[("content-encoding", "gzip")], body),
        }
    })
    .await;
    let asking = |path: &str| {
        let headers = vec![("accept-encoding".into(), "gzip, br".into())];
        HttpRequest { headers, ..get(provider.url("api.test", path)) }
    };
    // No credential goes to this host, but what it knows of the connection's secrets it may tell.
    let (effects, _) = calling(&json!([]));
    for path in ["/", "/twice"] {
        let message = refused(effects.requests().send(asking(path)).await, HttpErrorCode::Protocol);
        assert!(message.contains("content-encoding is") && message.contains("withheld"), "{message}");
    }
    for path in ["/identity", "/empty"] {
        effects.requests().send(asking(path)).await.expect("an answer");
    }
    assert!(provider.seen().iter().all(|seen| seen.header("accept-encoding") == Some("identity")));
    assert_eq!(effects.into_draft().log.lines.len(), 2, "the operator is told as well");
    let without = World::new().calls(&["api.test"]);
    assert_eq!(without.requests().send(asking("/")).await.expect("an answer").body.as_ref(), b"\x1fcompressed");
    assert_eq!(provider.seen().last().expect("seen").header("accept-encoding"), Some("gzip, br"));
}
