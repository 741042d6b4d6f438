//! Webhooks by rules that stand in a connection's config: the operator's own verification, and all that a manifest could say.

use std::process::Command;

use bytes::Bytes;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::process::HostProcess;
use hookyard_tests::provider::Provider;
use hookyard_tests::sign;
use http::Request;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");
const SECRET: &str = "whs-of-the-operator-5b20";
const BOT: &str = "123456:AAE-x_y/z?1";

/// The connection `any` with these rules, and these grants in TOML.
fn connection(incoming: &Value, grants: &str) -> String {
    let config = json!({ "secrets": { "gh": SECRET, "other": "other-secret-1" }, "incoming": incoming });
    let config: toml::Value = serde_json::from_value(config).expect("TOML can say it");
    format!("[connections.any]\nplugin = \"generic-http\"\nconfig = {config}\ngrants = {{ {grants} }}")
}

async fn host(config: &str) -> TestHost {
    Builder::new(BINARY).plugin(guests::GENERIC_HTTP).config(config).start().await
}

fn hmac() -> Value {
    json!({ "scheme": "hmac", "hash": "sha256", "encoding": "base64", "header": "x-sig", "secret": "/secrets/gh" })
}

/// A webhook, signed with the secret `gh`, with these further headers.
async fn signed(host: &TestHost, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
    let body = body.into();
    let request = Request::post("/webhooks/any").header("x-sig", sign::hmac_sha256_base64(SECRET, &body));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    host.send(request, body).await
}

#[tokio::test]
async fn any_secret_of_the_config_verifies_and_nothing_else_comes_in() {
    let token = json!({ "scheme": "token", "header": "x-token", "secret": "/secrets/other" });
    let host = host(&connection(&json!({ "verify": [hmac(), token], "subject": "/id" }), "")).await;
    assert_eq!(signed(&host, &[], r#"{"id": "a"}"#).await.status(), 200);
    let by_token = |token: &str| host.send(Request::post("/webhooks/any").header("x-token", token), r#"{"id": "b"}"#);
    assert_eq!(by_token("other-secret-1").await.status(), 200);
    assert_eq!(by_token(SECRET).await.status(), 401);
    let forged = Request::post("/webhooks/any").header("x-sig", sign::hmac_sha256_base64("other-secret-1", b"{}"));
    assert_eq!(host.send(forged, "{}").await.status(), 401);
    assert_eq!(host.send(Request::post("/webhooks/any"), "{}").await.status(), 401);
    assert_eq!(host.send(Request::put("/webhooks/any"), "{}").await.status(), 405);
    let subjects: Vec<_> = host.events().await.iter().map(|event| event["subject"].clone()).collect();
    assert_eq!(subjects, ["a", "b"]);
}

#[tokio::test]
async fn without_rules_there_is_nothing_and_without_a_secret_or_a_grant_nothing_is_taken() {
    let none = json!({ "verify": { "scheme": "none" } });
    let missing = json!({ "verify": { "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-sig", "secret": "/secrets/gone" } });
    for (incoming, grants, status) in [
        (None, "", 404),
        (Some(&missing), "", 503),
        (Some(&none), "", 503),
        (Some(&none), "allow_unsigned = true", 200),
    ] {
        let config = match incoming {
            Some(incoming) => connection(incoming, grants),
            None => "[connections.any]\nplugin = \"generic-http\"\nconfig = {}".to_owned(),
        };
        let host = host(&config).await;
        let reply = host.send(Request::post("/webhooks/any"), "{}").await;
        assert_eq!(reply.status(), status, "{incoming:?} {grants}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_handshake_of_the_operator_is_answered_once_it_is_verified() {
    let mut signed_posts = hmac();
    signed_posts["when"] = json!({ "method": "POST" });
    let verify = json!([
        { "when": { "method": "GET", "query": "hub.mode" }, "scheme": "token", "query": "hub.verify_token", "secret": "/secrets/other" },
        signed_posts,
    ]);
    let handshake =
        json!([{ "when": { "method": "GET", "query": "hub.challenge" }, "respond": "{query:hub.challenge}" }]);
    let rules = json!({ "verify": verify, "methods": ["GET", "POST"], "handshake": handshake });
    let host = host(&connection(&rules, "")).await;
    let shaken = |token: &str| {
        let uri = format!("/webhooks/any?hub.mode=subscribe&hub.challenge=4711&hub.verify_token={token}");
        host.send(Request::get(uri), "")
    };
    let answer = shaken("other-secret-1").await;
    assert_eq!((answer.status(), answer.text().as_str()), (200, "4711"));
    assert_eq!(shaken("wrong").await.status(), 401);
    assert!(host.events().await.is_empty());
    assert_eq!(signed(&host, &[], "{}").await.status(), 200);
}

#[tokio::test]
async fn what_comes_again_is_handled_once_and_one_that_failed_blocks_its_order_key_if_the_operator_says_so() {
    let rules = json!({
        "verify": hmac(), "dedupe": [{ "header": "x-delivery" }, { "body": "/update_id" }],
        "order": [{ "header": "x-order" }], "order_blocks": true, "body_bytes_max": 2_000_000, "headers": ["X-Delivery"],
    });
    let host = host(&connection(&rules, "")).await;
    // The signature does not cover the header: it counts together with the body only, or whoever reads along could have webhooks dropped.
    for (headers, body) in [
        ([("x-delivery", "1")].as_slice(), "{}"),
        (&[("x-delivery", "1")], "{}"),
        (&[("x-delivery", "1")], "{\"other\": true}"),
        (&[], "{\"update_id\": 12345678901234567890}"),
        (&[], "{\"update_id\": 12345678901234567890, \"more\": 1}"),
    ] {
        assert_eq!(signed(&host, headers, body).await.status(), 200, "{body}");
    }
    let events = host.events().await;
    assert_eq!(events.len(), 3, "{events:?}");
    assert_eq!(events[1]["data"]["headers"], json!({ "x-delivery": ["1"] }));
    assert_eq!(events[1]["data"]["json"], json!({ "other": true }));

    // As base64 it is more than an event can hold.
    let binary = vec![0xff; 900_000];
    let typed = ("content-type", "application/octet-stream");
    assert_eq!(signed(&host, &[("x-order", "k"), typed], binary).await.status(), 202);
    assert_eq!(signed(&host, &[("x-order", "k")], "{}").await.status(), 202, "behind it");
    assert_eq!(signed(&host, &[("x-order", "other")], "{}").await.status(), 200);
    assert_eq!(host.events().await.len(), 4);
}

#[tokio::test]
async fn the_printed_command_signs_as_the_rules_in_the_config_say() {
    let verify = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-hub-signature-256", "prefix": "sha256=", "secret": "/secrets/gh" });
    let rules = json!({ "verify": verify, "subject": "/id", "headers": ["x-event"] });
    let mut host = HostProcess::start_with(BINARY, guests::GENERIC_HTTP, &connection(&rules, ""), "info").await;
    std::fs::write(host.directory().join("body.json"), r#"{"id": "it's"}"#).expect("it can be written");
    let printed = Command::new(BINARY)
        .args(["trigger", "any", "--file", "body.json", "--print-curl"])
        .current_dir(host.directory())
        .output()
        .expect("it runs");
    let (command, remark) = (String::from_utf8_lossy(&printed.stdout), String::from_utf8_lossy(&printed.stderr));
    assert!(printed.status.success() && remark.contains("/secrets/gh"), "{command}{remark}");
    let sent = Command::new("sh")
        .args(["-c", &command])
        .env("SECRET", SECRET)
        .current_dir(host.directory())
        .output()
        .expect("a shell runs");
    let answer = String::from_utf8_lossy(&sent.stdout);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}{}", String::from_utf8_lossy(&sent.stderr));
    host.kill().await;
}

#[tokio::test]
async fn a_secret_of_the_config_stands_in_the_path_and_nowhere_else() {
    let provider = Provider::start().await;
    let base = provider.base();
    let config = json!({
        "secrets": { "telegram": BOT, "dots": ".." },
        "requests": {
            "send": {
                "method": "POST", "url": format!("{base}/:bot/sendMessage"),
                "path": { "bot": { "secret": "telegram", "prefix": "bot" } },
                "body": { "rows": [{ "key": "text", "value": { "field": "text" } }] },
            },
            "leave": { "method": "GET", "url": format!("{base}/a/:up/b"), "path": { "up": { "secret": "dots" } } },
        },
    });
    let config: toml::Value = serde_json::from_value(config).expect("TOML can say it");
    let grants = format!("hosts = [\"{base}\"], private_addresses = [\"127.0.0.1/32\"]");
    let host =
        host(&format!("[connections.any]\nplugin = \"generic-http\"\nconfig = {config}\ngrants = {{ {grants} }}"))
            .await;
    let input = |request: &str| json!({ "request": request, "fields": { "text": "Olá" } });
    for action in ["preview", "test", "run"] {
        let reply = host.call("any", action, &input("send")).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        let shown = reply.json();
        let url = if action == "preview" { &shown["url"] } else { &shown["request_preview"]["url"] };
        assert_eq!(url, &json!(format!("{base}/bot•••/sendMessage")));
        assert!(!reply.text().contains("AAE"), "{}", reply.text());
    }
    let leaving = host.call("any", "test", &input("leave")).await.json();
    assert_eq!((&leaving["error"]["kind"], &leaving["status_code"]), (&json!("config"), &Value::Null));
    let paths: Vec<_> = provider.requests().iter().map(|request| request.path.clone()).collect();
    assert_eq!(paths, ["/bot123456:AAE-x_y%2Fz%3F1/sendMessage"; 2]);
    let said = format!("{:?}{}", host.events().await, host.get("/v1/invocations?connection=any").await.text());
    assert!(!said.contains("AAE"), "{said}");
}
