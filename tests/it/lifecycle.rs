//! Activation: at the start, on demand, and again while the provider cannot be reached. It never gates webhooks.

use std::time::Duration;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::provider::Provider;
use http::Request;
use serde_json::{Value, json};

async fn host(provider: &Provider) -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config(&format!(
            "[connections.bot]\nplugin = \"echo\"\nconfig = {{ base = \"{}\", secret = \"sesame\", greeting = \"hi\" }}\n\
             grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
            provider.base()
        ))
        .start()
        .await
}

async fn shown(host: &TestHost) -> Value {
    host.get("/v1/connections/bot").await.json()
}

async fn check(host: &TestHost) -> Value {
    let reply = host.post("/v1/connections/bot/check", &json!({})).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()
}

/// Lets the host come to what it sleeps until, and waits for what it does then.
async fn next_attempt(host: &TestHost, provider: &Provider, attempts: usize) -> Duration {
    let until = loop {
        match host.sleeping_until().first() {
            Some(until) => break *until,
            None => tokio::task::yield_now().await,
        }
    };
    let wait = hookyard_domain::clock::Clock::now(&*host.clock);
    let wait = Duration::from_millis(u64::try_from(until.as_millis() - wait.as_millis()).expect("in the future"));
    host.advance(wait);
    provider.asked("/activate", attempts).await;
    wait
}

#[tokio::test]
async fn a_start_activates_and_says_what_is_left_to_do() {
    let provider = Provider::start().await;
    provider.answer("/activate", 200, "");
    let host = host(&provider).await;
    provider.asked("/activate", 1).await;
    let connection = check(&host).await;
    assert_eq!((&connection["health"]["status"], &connection["setup"]), (&json!("healthy"), &json!(["Say hi."])));
    assert_eq!(shown(&host).await["setup"], json!(["Say hi."]));
    let of_activation = host.get("/v1/invocations?connection=bot").await.json();
    assert_eq!(of_activation["invocations"][0]["occasion"], "activation");
}

#[tokio::test]
async fn while_the_provider_cannot_be_reached_it_is_tried_again_and_webhooks_are_handled() {
    let provider = Provider::start().await;
    provider.answer("/activate", 503, "down");
    let host = host(&provider).await;
    provider.asked("/activate", 1).await;
    let mut waits = Vec::new();
    for attempt in 2..=6 {
        waits.push(next_attempt(&host, &provider, attempt).await.as_secs_f64());
    }
    let expected = [5.0, 30.0, 120.0, 600.0, 600.0];
    for (wait, expected) in waits.iter().zip(expected) {
        assert!((0.79..=1.21).contains(&(wait / expected)), "{waits:?}");
    }
    let connection = check(&host).await;
    let health = &connection["health"];
    assert_eq!((&health["status"], &health["code"]), (&json!("unhealthy"), &json!("provider-unavailable")), "{health}");

    let webhook = Request::post("/webhooks/bot").header("x-echo-token", "sesame");
    assert_eq!(host.send(webhook, r#"{"do": [{"emit": {"data": 1}}]}"#).await.status(), 200);
    assert_eq!(host.events().await.len(), 1, "health never gates webhooks");
    assert_eq!(shown(&host).await["health"]["status"], "unhealthy", "a webhook says nothing about the provider");

    provider.answer("/activate", 200, "");
    let asked = provider.times_asked("/activate");
    next_attempt(&host, &provider, asked + 1).await;
    assert_eq!(check(&host).await["health"]["status"], "healthy");
}

#[tokio::test]
async fn a_provider_that_refuses_is_asked_again_only_when_the_operator_asks() {
    let provider = Provider::start().await;
    provider.answer("/activate", 401, "who?");
    let host = host(&provider).await;
    provider.asked("/activate", 1).await;
    let connection = check(&host).await;
    assert_eq!(connection["health"]["code"], "provider-unauthorized", "{connection}");
    assert!(host.sleeping_until().is_empty(), "nothing is tried again by itself");
    let since = connection["health"]["since"].clone();
    host.advance(Duration::from_secs(60));
    assert_eq!(check(&host).await["health"]["since"], since, "since when it is so");
    provider.answer("/activate", 200, "");
    assert_eq!(check(&host).await["health"]["status"], "healthy");
}

#[tokio::test]
async fn a_refusal_in_a_call_is_looked_into() {
    let provider = Provider::start().await;
    provider.answer("/activate", 200, "");
    let host = host(&provider).await;
    provider.asked("/activate", 1).await;
    check(&host).await;
    let refused = json!({ "do": [{ "fail": { "kind": "unauthorized", "code": "who", "message": "are you" } }] });
    assert_eq!(host.call("bot", "do", &refused).await.status(), 502);
    assert_eq!(shown(&host).await["health"]["code"], "who");
    let asked = provider.times_asked("/activate");
    let wait = next_attempt(&host, &provider, asked + 1).await;
    assert!((4..=6).contains(&wait.as_secs()), "not at once: {wait:?}");
    assert_eq!(check(&host).await["health"]["status"], "healthy");
}

#[tokio::test]
async fn before_the_first_activation_nobody_knows_and_what_failed_tells_what_is_left_to_do() {
    let provider = Provider::start().await;
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::AFTERSHIP)
        .config(&format!(
            "[connections.bot]\nplugin = \"aftership\"\nconfig = {{ api_key = \"k\", api_base = \"{}/gate\" }}\n\
             grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
            provider.base()
        ))
        .start()
        .await;
    let health = shown(&host).await["health"].clone();
    assert_eq!((&health["status"], &health["code"]), (&json!("unhealthy"), &json!("activating")), "{health}");
    provider.open();
    let connection = check(&host).await;
    assert_eq!(connection["health"]["code"], "provider-protocol", "an empty answer: {connection}");
    let setup = connection["setup"].as_array().expect("a list");
    let url = connection["webhook_url"].as_str().expect("a URL");
    assert!(setup.iter().any(|line| line.as_str().is_some_and(|line| line.contains(url))), "{connection}");
}

#[tokio::test]
async fn a_connection_that_cannot_be_activated_still_works() {
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config(
            "[connections.bot]\nplugin = \"echo\"\nconfig = { base = \"http://unknown.invalid\", secret = \"sesame\" }",
        )
        .start()
        .await;
    let connection = check(&host).await;
    assert_eq!(connection["health"]["status"], "unhealthy", "{connection}");
    assert_eq!(host.call("bot", "echo", &json!({})).await.status(), 200);
}
