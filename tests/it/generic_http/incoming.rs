//! Webhooks by rules of the operator.

use hookyard_tests::http::Reply;
use hookyard_tests::sign;
use http::Request;
use serde_json::{Value, json};

use super::Crm;

const SECRET: &str = "gh-5a1f0b7c3d9e";

/// A host whose connection `git` takes what GitHub sends.
async fn git() -> Crm {
    let crm = Crm::start().await;
    let incoming = json!({
        "verify": {
            "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-hub-signature-256", "prefix": "sha256=",
            "secret": "/secrets/gh",
        },
        "dedupe": [{ "header": "x-github-delivery" }],
        "order": [{ "body": "/repository/full_name" }],
        "handshake": [{ "when": { "header": "x-challenge" }, "respond": "{body:/challenge}" }],
        "subject": "/repository/full_name",
        "headers": ["X-GitHub-Event"],
    });
    crm.connect("git", &json!({ "secrets": { "gh": SECRET }, "incoming": incoming }), &json!({})).await;
    crm
}

/// What GitHub sends about this, under this id.
async fn push(crm: &Crm, id: &str, body: &str) -> Reply {
    let signature = format!("sha256={}", sign::hmac_sha256_hex(SECRET, body.as_bytes()));
    let request = Request::post("/webhooks/git/hooks?from=gh")
        .header("content-type", "application/json")
        .header("x-github-delivery", id)
        .header("x-github-event", "push")
        .header("x-hub-signature-256", signature);
    crm.host.send(request, body.to_owned()).await
}

#[tokio::test]
async fn what_is_signed_becomes_an_event_as_it_came() {
    let crm = git().await;
    let body = r#"{"repository": {"full_name": "octo/cat"}, "size": 12345678901234567890, "rate": 1.50}"#;
    let reply = push(&crm, "d-1", body).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let raw = crm.host.get("/v1/events").await.text();
    assert!(raw.contains("12345678901234567890") && raw.contains("1.50"), "{raw}");
    let [event] = &crm.host.events().await[..] else { panic!("one event") };
    assert_eq!((&event["type"], &event["subject"]), (&json!("generic-http.webhook.received"), &json!("octo/cat")));
    let data = &event["data"];
    assert_eq!((&data["method"], &data["path"], &data["query"]), (&json!("POST"), &json!("/hooks"), &json!("from=gh")));
    assert_eq!(data["headers"], json!({ "x-github-event": ["push"] }), "the others stay out");
    assert_eq!(
        (&data["content_type"], &data["json"]["repository"]["full_name"]),
        (&json!("application/json"), &json!("octo/cat"))
    );
}

#[tokio::test]
async fn what_is_not_signed_is_refused_and_what_comes_again_counts_once() {
    let crm = git().await;
    let request = || Request::post("/webhooks/git").header("x-github-delivery", "d-1");
    for signature in ["", "sha256=", "sha256=00", &format!("sha256={}", sign::hmac_sha256_hex("other", b"{}"))] {
        let reply = crm.host.send(request().header("x-hub-signature-256", signature), "{}").await;
        assert_eq!(reply.status(), 401, "{signature}");
    }
    assert_eq!(crm.host.send(request(), "{}").await.status(), 401);
    for _ in 0..2 {
        assert_eq!(push(&crm, "d-1", "{}").await.status(), 200);
    }
    assert_eq!(push(&crm, "d-2", "{}").await.status(), 200);
    assert_eq!(crm.host.events().await.len(), 2);
}

#[tokio::test]
async fn a_test_of_the_url_is_answered_by_the_host_if_it_is_signed() {
    let crm = git().await;
    let body = r#"{"challenge": "c-7"}"#;
    let request = || Request::post("/webhooks/git").header("x-challenge", "1");
    assert_eq!(crm.host.send(request(), body).await.status(), 401);
    let signature = format!("sha256={}", sign::hmac_sha256_hex(SECRET, body.as_bytes()));
    let answered = crm.host.send(request().header("x-hub-signature-256", signature), body).await;
    assert_eq!((answered.status(), answered.text().as_str()), (200, "c-7"));
    assert!(crm.host.events().await.is_empty());
}

#[tokio::test]
async fn without_rules_there_is_no_webhook_url() {
    let crm = Crm::start().await;
    let reply = crm.host.send(Request::post("/webhooks/crm"), "{}").await;
    assert_eq!(reply.status(), 404, "{}", reply.text());
}

#[tokio::test]
async fn a_token_in_a_header_will_do_and_every_body_is_kept_as_what_it_is() {
    let crm = Crm::start().await;
    let verify = json!({ "scheme": "token", "header": "x-telegram-bot-api-secret-token", "secret": "/secrets/hook" });
    let incoming = json!({ "verify": verify, "subject": "/message/chat/id" });
    crm.connect("bot", &json!({ "secrets": { "hook": SECRET }, "incoming": incoming }), &json!({})).await;
    let send = async |token: &str, content_type: &str, body: &[u8]| {
        let request = Request::post("/webhooks/bot").header("content-type", content_type);
        crm.host.send(request.header("x-telegram-bot-api-secret-token", token), body.to_vec()).await.status()
    };
    assert_eq!(send("wrong", "application/json", b"{}").await, 401);
    let rows: [(&str, &[u8], &str, Value); 4] = [
        (
            "application/json",
            br#"{"message":{"chat":{"id":527700113}}}"#,
            "json",
            json!({ "message": { "chat": { "id": 527_700_113 } } }),
        ),
        ("application/x-www-form-urlencoded", b"a=1&b=2", "text", json!("a=1&b=2")),
        ("text/plain; charset=iso-8859-1", b"Jo\xe3o", "text", json!("João")),
        ("application/octet-stream", b"\xff\x00", "base64", json!("/wA=")),
    ];
    for (content_type, body, member, value) in rows {
        assert_eq!(send(SECRET, content_type, body).await, 200, "{content_type}");
        let event = crm.host.events().await.pop().expect("an event");
        assert_eq!(event["data"][member], value, "{event}");
        let subject = if member == "json" { json!("527700113") } else { Value::Null };
        assert_eq!(event.get("subject").cloned().unwrap_or_default(), subject);
    }
}

#[tokio::test]
async fn rules_that_are_none_are_refused_with_their_place() {
    let crm = Crm::start().await;
    let hmac =
        json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-sig", "secret": "/secrets/gh" });
    for (incoming, said) in [
        (json!({}), "verify"),
        (json!({ "verify": hmac, "dedup": [] }), "dedup"),
        (json!({ "verify": hmac, "subject": "id" }), "subject"),
        (json!({ "verify": { "scheme": "magic" } }), "/incoming/verify/scheme"),
    ] {
        let config = json!({ "secrets": { "gh": SECRET }, "incoming": incoming });
        let reply = crm.host.put("/v1/connections/git", &json!({ "plugin": "generic-http", "config": config })).await;
        assert_eq!(reply.status(), 422, "{incoming}: {}", reply.text());
        assert!(reply.text().contains(said), "{incoming}: {}", reply.text());
    }
}
