//! What an operator is told.

use hookyard_tests::selarti::{Fake, TASK};
use serde_json::{Value, json};

use super::{Ai, TOKEN, connection, host};

async fn check(host: &hookyard_tests::host::TestHost, id: &str) -> Value {
    let reply = host.post(&format!("/v1/connections/{id}/check"), &json!({})).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()
}

#[tokio::test]
async fn without_a_url_to_send_to_only_webhooks_work() {
    let fake = Fake::start().await;
    let line = format!("send_url = \"{}\"", fake.send_url());
    let host = host(&connection(&fake, "ai", "").replace(&line, "")).await;
    let checked = check(&host, "ai").await;
    assert_eq!(
        (&checked["health"]["status"], &checked["health"]["code"]),
        (&json!("unhealthy"), &json!("send-url-missing"))
    );
    assert!(checked["health"]["message"].to_string().contains("docs.selarti.com"), "{checked}");
    let sent = host.call("ai", "send-message", &json!({ "conversation_id": "c", "text": "x" })).await;
    assert_eq!((sent.status(), &sent.json()["code"]), (502, &json!("send-url-missing")), "{}", sent.text());
    let request = http::Request::post(format!("/webhooks/ai?token={TOKEN}")).header("content-type", "application/json");
    assert_eq!(host.send(request, fake.webhook("c", "bot", "x").to_string()).await.status(), 200);
    assert_eq!(host.events().await.len(), 1);
}

#[tokio::test]
async fn a_check_sends_nothing_and_says_what_is_left_to_do() {
    let ai = Ai::start().await;
    let checked = check(&ai.host, "ai").await;
    assert_eq!((&checked["health"]["status"], ai.fake.requests().len()), (&json!("healthy"), 0), "{checked}");
    let setup = checked["setup"].to_string();
    for step in
        ["Page messenger", "Another", "All messages", "Web", "task", "/webhooks/ai?token=<webhook_token>", "signature"]
    {
        assert!(setup.contains(step), "{step}: {setup}");
    }
    assert!(!checked.to_string().contains(TOKEN));
}

#[tokio::test]
async fn a_config_that_cannot_work_is_refused_with_a_reason() {
    let fake = Fake::start().await;
    let host = host("").await;
    let base = json!({ "task_id": TASK, "send_url": fake.send_url(), "webhook_token": TOKEN });
    let rows = [
        ("webhook_token", json!("short")),
        ("webhook_token", json!([])),
        ("task_id", json!("")),
        ("send_method", json!("GET")),
        ("send_encoding", json!("xml")),
        ("forward", json!(["user"])),
        ("auth", json!({ "mode": "magic" })),
        ("auth", json!({ "mode": "header", "name": "x-key" })),
        ("colour", json!("blue")),
    ];
    for (name, value) in rows {
        let mut config = base.clone();
        config[name] = value.clone();
        let created =
            json!({ "plugin": "selarti", "config": config, "grants": { "private_addresses": ["127.0.0.1/32"] } });
        let reply = host.put("/v1/connections/ai", &created).await;
        assert_eq!(reply.status(), 422, "{name} = {value}: {}", reply.text());
        assert!(reply.text().contains(name), "{name}: {}", reply.text());
    }
    let created = json!({ "plugin": "selarti", "config": base, "grants": { "private_addresses": ["127.0.0.1/32"] } });
    assert_eq!(host.put("/v1/connections/ai", &created).await.status(), 201);
}
