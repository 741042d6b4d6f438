//! What waits outlives restarts, pauses with its connection, follows its plugin, and goes with its connection.

use std::time::Duration;

use hookyard_domain::inbox::WebhookState;
use hookyard_tests::another_version::AnotherVersion;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};

use super::{asking, host, send, wait};

const LONG: Duration = Duration::from_secs(60 * 60);

#[tokio::test]
async fn what_waits_waits_on_after_a_restart_and_runs_late_rather_than_never() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let mut host = host(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    let before = host.kept().await;
    host.restart().await;
    assert_eq!((host.kept().await.standing, wait(&host, &before)), (before.standing.clone(), 5_000));
    provider.answer("/x", 200, "");
    host.advance(Duration::from_secs(5));
    host.until_state(before.webhook.id, WebhookState::Handled).await;

    provider.answer("/x", 503, "down");
    assert_eq!(send(&host, &asking(&provider, "b")).await.status(), 202);
    provider.answer("/x", 200, "");
    let clock = std::sync::Arc::clone(&host.clock);
    host.restart_after(|_| clock.advance(LONG)).await;
    host.until_all(WebhookState::Handled).await;
    assert_eq!(host.events().await.len(), 2);
}

#[tokio::test]
async fn a_disabled_connection_keeps_what_waits_and_counts_nothing() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = of_api(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    let id = host.kept().await.webhook.id;
    assert_eq!(host.patch("/v1/connections/bot", &json!({ "enabled": false })).await.status(), 200);
    host.advance(LONG);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!((host.kept().await.standing.attempts, provider.times_asked("/x")), (1, 1));
    provider.answer("/x", 200, "");
    assert_eq!(host.patch("/v1/connections/bot", &json!({ "enabled": true })).await.status(), 200);
    assert_eq!(host.until_state(id, WebhookState::Handled).await.standing.attempts, 2);
}

#[tokio::test]
async fn a_deleted_connection_takes_what_waits_with_it() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = of_api(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    host.kept().await;
    assert_eq!(host.delete("/v1/connections/bot").await.status(), 204);
    while !host.inbox().await.is_empty() {
        tokio::task::yield_now().await;
    }
    host.advance(LONG);
    let made_again = async || host.put("/v1/connections/bot", &connection(&provider)).await.status();
    while made_again().await != 201 {
        tokio::task::yield_now().await;
    }
    assert_eq!(send(&host, &json!({ "id": "a" })).await.status(), 200, "nothing is known of the former one");
    assert_eq!(provider.times_asked("/x"), 1);
}

#[tokio::test]
async fn what_a_deletion_has_left_does_not_run_after_a_restart_nor_in_the_next_life() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let mut host = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).to_the_second().start().await;
    let mut slow = connection(&provider);
    // Taking leave of the provider takes until the gate is opened.
    slow["config"]["base"] = format!("{}/gate", provider.base()).into();
    assert_eq!(host.put("/v1/connections/bot", &slow).await.status(), 201);
    let in_order = |id: &str| {
        let mut body = asking(&provider, id);
        body["order"] = "k".into();
        body
    };
    for id in ["a", "b"] {
        assert_eq!(send(&host, &in_order(id)).await.status(), 202);
    }
    provider.answer("/x", 200, "");
    assert_eq!(host.delete("/v1/connections/bot").await.status(), 204);
    host.restart().await;
    provider.asked("/gate/deactivate", 1).await;
    host.advance(LONG);
    assert_eq!(host.put("/v1/connections/bot", &slow).await.status(), 409, "it is still being deleted");
    provider.open();
    while host.put("/v1/connections/bot", &slow).await.status() != 201 {
        tokio::task::yield_now().await;
    }
    host.advance(LONG);
    assert_eq!(send(&host, &in_order("c")).await.status(), 200, "the order key is free");
    assert!(host.inbox().await.is_empty());
    assert_eq!((host.events().await.len(), provider.times_asked("/x")), (1, 2), "of c alone");
}

#[tokio::test]
async fn what_has_failed_before_does_not_count_against_a_newer_version() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    for _ in 0..170 {
        assert_eq!(send(&host, &json!({})).await.status(), 200);
    }
    for number in 0..20 {
        let poisoned = json!({ "id": number.to_string(), "do": [{ "panic": { "message": "on purpose" } }] });
        assert_eq!(send(&host, &poisoned).await.status(), 202);
    }
    put_newer(&host).await;
    host.advance(Duration::from_secs(5));
    for entry in host.inbox().await {
        host.until_attempts(entry.webhook.id, 2).await;
    }
    for _ in 0..20 {
        assert_eq!(send(&host, &json!({})).await.status(), 200);
    }
    assert!(host.host_events("hookyard.plugin.rolled-back").await.is_empty());
    assert_eq!(host.get("/v1/connections/bot").await.json()["plugin_version"], "0.1.7");

    // What fails for the first time does.
    for number in 0..20 {
        let poisoned = json!({ "id": format!("new {number}"), "do": [{ "panic": { "message": "on purpose" } }] });
        assert_eq!(send(&host, &poisoned).await.status(), 202);
    }
    while host.get("/v1/connections/bot").await.json()["plugin_version"] == "0.1.7" {
        tokio::task::yield_now().await;
    }
}

/// Puts a newer version of the echo guest in its place, and waits until the connection works with it.
async fn put_newer(host: &TestHost) {
    let newer = AnotherVersion::of(guests::ECHO).version("0.1.7").bytes();
    let file = std::path::Path::new(guests::ECHO).file_name().and_then(|name| name.to_str()).expect("a name");
    host.put_plugin(file, &newer);
    host.wait_for_plugin("echo", Some("0.1.7")).await;
    let moved = async || host.get("/v1/connections/bot").await.json()["plugin_version"] == "0.1.7";
    while !moved().await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_retry_takes_the_newest_version_of_the_plugin() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = host(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    put_newer(&host).await;
    provider.answer("/x", 200, "");
    host.advance(Duration::from_secs(5));
    host.until_all(WebhookState::Handled).await;
    assert_eq!(host.events().await[0]["plugin"], "echo@0.1.7");
}

fn connection(provider: &Provider) -> Value {
    json!({
        "plugin": "echo",
        "config": { "secret": "sesame", "base": provider.base() },
        "grants": { "private_addresses": ["127.0.0.1/32"] },
    })
}

async fn of_api(provider: &Provider) -> TestHost {
    provider.answer("/activate", 200, "");
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).to_the_second().start().await;
    let reply = host.put("/v1/connections/bot", &connection(provider)).await;
    assert_eq!(reply.status(), 201, "{}", reply.text());
    host
}
