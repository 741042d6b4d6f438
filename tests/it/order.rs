//! Webhooks and actions of one order key run one after the other, in the order of receipt, whatever becomes of each of them.

use std::time::Duration;

use hookyard_domain::inbox::WebhookState;
use hookyard_tests::another_version::AnotherVersion;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::provider::Provider;
use http::Request;
use serde_json::{Value, json};

async fn host(provider: &Provider) -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config(&format!(
            "[connections.bot]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\", base = \"{}\" }}\n\
             grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
            provider.base()
        ))
        .to_the_second()
        .start()
        .await
}

async fn send(host: &TestHost, body: &Value) -> Reply {
    host.send(Request::post("/webhooks/bot").header("x-echo-token", "sesame"), body.to_string()).await
}

/// Asks the provider for `path` and then emits `id`.
fn asking(provider: &Provider, order: &str, id: &str, path: &str) -> Value {
    let url = format!("{}{path}", provider.base());
    json!({ "id": id, "order": order, "do": [{ "ask": { "url": url } }, { "emit": { "data": id } }] })
}

fn emitting(order: &str, id: &str) -> Value {
    json!({ "id": id, "order": order, "do": [{ "emit": { "data": id } }] })
}

/// What was emitted, in the log's order.
async fn said(host: &TestHost) -> Vec<Value> {
    host.events().await.iter().map(|event| event["data"].clone()).collect()
}

#[tokio::test]
async fn what_comes_later_waits_for_one_that_is_tried_again_and_other_keys_flow_on_also_over_a_restart() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let mut host = host(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "k", "first", "/x")).await.status(), 202);
    for id in ["second", "third"] {
        assert_eq!(send(&host, &emitting("k", id)).await.status(), 202, "kept, not run");
    }
    assert_eq!(send(&host, &emitting("other", "other")).await.status(), 200);
    assert_eq!(said(&host).await, [json!("other")]);
    let attempts: Vec<_> = host.inbox().await.iter().map(|entry| entry.standing.attempts).collect();
    assert_eq!(attempts, [1, 0, 0]);

    host.restart().await;
    assert_eq!(send(&host, &emitting("k", "fourth")).await.status(), 202, "behind those of before");
    provider.answer("/x", 200, "");
    host.advance(Duration::from_secs(5));
    host.until_all(WebhookState::Handled).await;
    assert_eq!(said(&host).await, ["other", "first", "second", "third", "fourth"].map(Value::from));
    assert_eq!(send(&host, &emitting("k", "fifth")).await.status(), 200, "the key is free");
}

#[tokio::test]
async fn what_arrives_while_one_runs_is_kept_at_once_and_runs_in_the_order_of_receipt() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let first = asking(&provider, "k", "first", "/gate");
    let (first, ()) = tokio::join!(send(&host, &first), async {
        provider.asked("/gate", 1).await;
        for number in 0..20 {
            assert_eq!(send(&host, &emitting("k", &number.to_string())).await.status(), 202);
        }
        assert_eq!(send(&host, &emitting("other", "other")).await.status(), 200);
        provider.open();
    });
    assert_eq!(first.status(), 200);
    host.until_all(WebhookState::Handled).await;
    let mut expected = vec![json!("other"), json!("first")];
    expected.extend((0..20).map(|number| json!(number.to_string())));
    assert_eq!(said(&host).await, expected);
}

#[tokio::test]
async fn one_that_failed_frees_its_key() {
    let provider = Provider::start().await;
    provider.answer("/x", 404, "");
    let host = host(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "k", "poisoned", "/x")).await.status(), 202);
    assert_eq!(host.kept().await.standing.state, WebhookState::Failed);
    assert_eq!(send(&host, &emitting("k", "next")).await.status(), 200);
}

#[tokio::test]
async fn one_that_is_given_up_frees_what_waited_behind_it() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = host(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "k", "poisoned", "/x")).await.status(), 202);
    assert_eq!(send(&host, &emitting("k", "next")).await.status(), 202);
    provider.answer("/x", 404, "");
    host.advance(Duration::from_secs(5));
    let entries = host.inbox().await;
    host.until_state(entries[0].webhook.id, WebhookState::Failed).await;
    host.until_state(entries[1].webhook.id, WebhookState::Handled).await;
    assert_eq!(said(&host).await, [json!("next")]);
}

#[tokio::test]
async fn where_the_manifest_says_so_one_that_failed_goes_on_blocking_also_after_a_restart() {
    let bytes = AnotherVersion::of(guests::MISBEHAVING).webhook_member(r#""order_blocks": true"#).bytes();
    let mut host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin_bytes("misbehaving.wasm", &bytes)
        .config("[connections.bad]\nplugin = \"misbehaving\"\nconfig = { secret = \"sesame\" }")
        .start()
        .await;
    let send = async |host: &TestHost, behaviour: &str, order: &str| {
        let request = Request::post(format!("/webhooks/bad/{behaviour}")).header("x-token", "sesame");
        host.send(request.header("x-order", order), "").await.status()
    };
    assert_eq!(send(&host, "error/failed", "k").await, 202);
    assert_eq!(send(&host, "well", "k").await, 202);
    assert_eq!(send(&host, "well", "other").await, 200);
    host.restart().await;
    assert_eq!(send(&host, "well", "k").await, 202);
    let states: Vec<_> =
        host.inbox().await.iter().map(|entry| (entry.standing.state, entry.standing.attempts)).collect();
    assert_eq!(states, [(WebhookState::Failed, 1), (WebhookState::Pending, 0), (WebhookState::Pending, 0)]);
}

#[tokio::test]
async fn an_action_waits_behind_a_kept_webhook_of_its_key_and_says_which_one_is_in_the_way() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = host(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "k", "webhook", "/x")).await.status(), 202);
    let id = host.kept().await.webhook.id;
    let late = host.call("bot", "do-quickly", &emitting("k", "late")).await;
    assert_eq!((late.status(), &late.json()["code"]), (503, &json!("order-key-busy")), "{}", late.text());
    assert!(late.json()["detail"].as_str().is_some_and(|detail| detail.contains(&id.to_string())), "{}", late.text());
    assert!(!late.header("retry-after").is_empty());

    provider.answer("/x", 200, "");
    let action = emitting("k", "action");
    let (action, ()) = tokio::join!(host.call("bot", "do", &action), async {
        host.advance(Duration::from_secs(5));
    });
    assert_eq!(action.status(), 200, "{}", action.text());
    assert_eq!(said(&host).await, [json!("webhook"), json!("action")]);
}

/// Fails like this until it is mended, then waits for the provider's gate, and then emits `id`.
fn mendable(provider: &Provider, kind: &str, id: &str) -> Value {
    let fail = json!({ "fail_without": { "key": "mended", "kind": kind, "code": "broken" } });
    let ask = json!({ "ask": { "url": format!("{}/gate", provider.base()) } });
    json!({ "id": id, "order": "k", "do": [fail, ask, { "emit": { "data": id } }] })
}

async fn mend(host: &TestHost) {
    let mended = json!({ "do": [{ "set": { "key": "mended", "value": "1" } }] });
    assert_eq!(send(host, &mended).await.status(), 200);
}

#[tokio::test]
async fn nobody_passes_one_that_is_being_tried_again_or_replayed() {
    for (kind, is_replayed) in [("unavailable", false), ("failed", true)] {
        let provider = Provider::start().await;
        let host = host(&provider).await;
        assert_eq!(send(&host, &mendable(&provider, kind, "first")).await.status(), 202);
        let id = host.kept().await.webhook.id;
        mend(&host).await;
        if is_replayed {
            let replayed = host.post(&format!("/v1/webhooks/{id}/replay"), &json!({})).await;
            assert_eq!(replayed.status(), 202, "{}", replayed.text());
        } else {
            host.advance(Duration::from_secs(5));
        }
        provider.asked("/gate", 1).await;
        assert_eq!(send(&host, &emitting("k", "second")).await.status(), 202, "{kind}: it is kept behind the first");
        let action = emitting("k", "action");
        let (action, ()) = tokio::join!(host.call("bot", "do", &action), async {
            assert_eq!(send(&host, &emitting("other", "other")).await.status(), 200);
            provider.open();
        });
        assert_eq!(action.status(), 200, "{}", action.text());
        assert_eq!(said(&host).await, ["other", "first", "second", "action"].map(Value::from), "{kind}");
    }
}

#[tokio::test]
async fn one_that_is_skipped_while_it_runs_lets_the_next_one_go_when_it_has_ended() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    assert_eq!(send(&host, &mendable(&provider, "unavailable", "first")).await.status(), 202);
    let id = host.kept().await.webhook.id;
    mend(&host).await;
    host.advance(Duration::from_secs(5));
    provider.asked("/gate", 1).await;
    assert_eq!(send(&host, &emitting("k", "second")).await.status(), 202);
    let skipped = host.post(&format!("/v1/webhooks/{id}/skip"), &json!({})).await;
    assert_eq!(skipped.status(), 200, "{}", skipped.text());
    assert_eq!(send(&host, &emitting("k", "third")).await.status(), 202);
    assert!(said(&host).await.is_empty(), "the first one still runs");
    provider.open();
    let entries = host.inbox().await;
    for entry in &entries[1..] {
        host.until_state(entry.webhook.id, WebhookState::Handled).await;
    }
    assert_eq!(said(&host).await, ["second", "third"].map(Value::from), "of the first one nothing is kept");
    host.until_state(id, WebhookState::Skipped).await;
}
