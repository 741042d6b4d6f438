//! What a webhook's handler did becomes true at once or not at all; keys belong to their connection.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hookyard_domain::inbox::WebhookState;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use http::Request;
use serde_json::{Value, json};

async fn host() -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config("[connections.one]\nplugin = \"echo\"\nconfig = { secret = \"sesame\", token = \"hush\" }")
        .config("[connections.two]\nplugin = \"echo\"\nconfig = { secret = \"sesame\", echo-greeting = \"hi\" }")
        .start()
        .await
}

async fn run(host: &TestHost, connection: &str, body: &Value) -> Reply {
    let request = Request::post(format!("/webhooks/{connection}")).header("x-echo-token", "sesame");
    host.send(request, body.to_string()).await
}

/// What the steps of a script came to.
async fn answers(host: &TestHost, connection: &str, steps: Value) -> Vec<Value> {
    let reply = run(host, connection, &json!({ "do": steps })).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()["answers"].as_array().expect("answers is a list").clone()
}

#[tokio::test]
async fn own_writes_are_read_at_once_and_survive_a_restart() {
    let mut host = host().await;
    let steps = json!([{"get": {"key": "a"}}, {"set": {"key": "a", "value": "1"}}, {"get": {"key": "a"}}]);
    let seen = answers(&host, "one", steps).await;
    assert_eq!((&seen[0], &seen[2]["value"]), (&Value::Null, &json!("1")));
    host.restart().await;
    assert_eq!(answers(&host, "one", json!([{"get": {"key": "a"}}])).await[0]["value"], "1");
    assert_eq!(
        answers(&host, "two", json!([{"get": {"key": "a"}}])).await[0],
        Value::Null,
        "keys belong to a connection"
    );
}

#[tokio::test]
async fn a_failed_run_leaves_neither_key_nor_event_nor_mark() {
    let host = host().await;
    for (number, end) in [
        json!({"panic": {"message": "on purpose"}}),
        json!({"fail": {"kind": "failed", "code": "c", "message": "m"}}),
        json!({"fail": {"kind": "invalid", "code": "c", "message": "m"}}),
        json!({"respond": {"status": 404}}),
    ]
    .into_iter()
    .enumerate()
    {
        let body =
            json!({"id": number.to_string(), "do": [{"set": {"key": "k", "value": "v"}}, {"emit": {"data": {}}}, end]});
        assert_ne!(run(&host, "one", &body).await.status(), 200);
    }
    assert!(host.events().await.is_empty());
    // Neither of the last two is kept, so that a repeat runs.
    let well = json!({"id": "3", "do": [{"get": {"key": "k"}}]});
    assert_eq!(run(&host, "one", &well).await.json()["answers"][0], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_changes_of_one_key_all_count() {
    let host = Arc::new(host().await);
    let changes = (0..40).map(|number| {
        let host = Arc::clone(&host);
        tokio::spawn(async move {
            let body = json!({"id": number.to_string(), "do": [{"increment": {"key": "n", "by": 1}}]});
            run(&host, "one", &body).await.status()
        })
    });
    for status in join_all(changes).await {
        assert_eq!(status.expect("a sender does not panic"), 200);
    }
    assert_eq!(answers(&host, "one", json!([{"get": {"key": "n"}}])).await[0]["value"], "40");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_meet_at_one_key_are_repeated_whole_or_leave_nothing() {
    let host = Arc::new(host().await);
    let changes = (0..24).map(|number| {
        let host = Arc::clone(&host);
        tokio::spawn(async move {
            let value = number.to_string();
            let steps = json!([{"get": {"key": "k"}}, {"emit": {"data": {"n": number}}}, {"set": {"key": "k", "value": value}}]);
            let reply = run(&host, "one", &json!({"id": value, "do": steps})).await;
            match reply.status() {
                200 => Some(number),
                202 => None,
                status => panic!("{status}: {}", reply.text()),
            }
        })
    });
    let ended = join_all(changes).await;
    let mut handled: Vec<u64> = ended.into_iter().filter_map(|end| end.expect("a sender does not panic")).collect();
    let events = host.events().await;
    let mut emitted: Vec<u64> = events.iter().map(|event| event["data"]["n"].as_u64().expect("a number")).collect();
    let last = emitted.last().copied().expect("one of them came first");
    assert_eq!(answers(&host, "one", json!([{"get": {"key": "k"}}])).await[0]["value"], last.to_string());
    handled.sort_unstable();
    emitted.sort_unstable();
    assert_eq!(emitted, handled, "exactly the runs that were answered 200 left their event");
    for entry in host.inbox().await {
        assert_eq!(entry.standing.error.map(|error| error.code).as_deref(), Some("conflict"), "the others are kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_one_order_key_never_conflict() {
    let host = Arc::new(host().await);
    let changes = (0..40).map(|number| {
        let host = Arc::clone(&host);
        tokio::spawn(async move {
            let steps = json!([{"get": {"key": "last"}}, {"set": {"key": "last", "value": number.to_string()}}]);
            run(&host, "one", &json!({"id": number.to_string(), "order": "o", "do": steps})).await.status()
        })
    });
    for status in join_all(changes).await {
        let status = status.expect("a sender does not panic");
        assert!([200, 202].contains(&status), "handled, or kept behind another: {status}");
    }
    host.until_all(WebhookState::Handled).await;
    let calls = host.get("/v1/invocations?connection=one").await.json();
    let calls = calls["invocations"].as_array().expect("a list");
    let webhooks = calls.iter().filter(|call| call["occasion"] != "activation").count();
    assert_eq!(webhooks, 40, "each ran once");
}

#[tokio::test]
async fn a_key_lives_as_long_as_it_was_given() {
    let host = host().await;
    answers(&host, "one", json!([{"set": {"key": "t", "value": "v", "ttl_seconds": 60}}])).await;
    host.clock.advance(Duration::from_secs(59));
    assert_eq!(answers(&host, "one", json!([{"get": {"key": "t"}}])).await[0]["value"], "v");
    host.clock.advance(Duration::from_secs(2));
    let gone = answers(&host, "one", json!([{"get": {"key": "t"}}, {"list": {"prefix": "", "max": 10}}])).await;
    assert_eq!((&gone[0], &gone[1]["keys"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn an_event_with_a_known_dedupe_key_is_not_appended_again() {
    let host = host().await;
    for _ in 0..2 {
        answers(&host, "one", json!([{"emit": {"data": {"n": 1}, "dedupe_key": "fact-1"}}])).await;
    }
    answers(&host, "two", json!([{"emit": {"data": {"n": 1}, "dedupe_key": "fact-1"}}])).await;
    assert_eq!(host.events().await.len(), 2, "once for each connection");
}

#[tokio::test]
async fn webhooks_without_a_dedupe_key_are_never_dropped() {
    let host = host().await;
    for _ in 0..2 {
        answers(&host, "one", json!([{"emit": {"data": {}}}])).await;
    }
    assert_eq!(host.events().await.len(), 2);
}

#[tokio::test]
async fn a_guest_sees_its_call_and_no_secret() {
    let host = host().await;
    let request = Request::put("/webhooks/one/a%2Fb?x=%20&y").header("x-echo-token", "sesame").header("x-odd", "1");
    let reply = host.send(request.header("x-odd", "2"), "plain").await;
    let seen = reply.json();
    assert_eq!((&seen["method"], &seen["path"], &seen["query"]), (&json!("PUT"), &json!("/a%2Fb"), &json!("x=%20&y")));
    assert_eq!((&seen["connection"], &seen["greeting"]), (&json!("one"), &json!("hello")));
    assert_eq!((&seen["attributes"]["verified-by"], &seen["attempt"]), (&json!("token"), &json!(1)));
    let odd: Vec<_> = seen["headers"].as_array().expect("a list").iter().filter(|pair| pair[0] == "x-odd").collect();
    assert_eq!(odd.len(), 2, "repeated headers stay repeated");
    let placeholder = seen["config"]["token"].as_str().expect("a placeholder");
    assert!(placeholder.starts_with("hysec_") && placeholder.len() == 38, "{placeholder}");
    assert!(!reply.text().contains("hush") && !reply.text().contains("sesame"), "{}", reply.text());
    assert_eq!(run(&host, "two", &json!({})).await.json()["greeting"], "hi", "an alias names the same property");
}

#[tokio::test]
async fn a_fresh_test_webhook_repeats_everything_and_a_plain_one_nothing() {
    let host = host().await;
    let script = json!({"id": "t", "do": [{"emit": {"data": {}, "dedupe_key": "fact"}}]});
    let trigger = async |fresh: bool| {
        let reply = host.post("/v1/connections/one/webhooks", &json!({"body": script, "fresh": fresh})).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.json()["outcome"].clone()
    };
    assert_eq!((trigger(true).await, host.events().await.len()), (json!("handled"), 1));
    assert_eq!((trigger(true).await, host.events().await.len()), (json!("handled"), 2));
    assert_eq!((trigger(false).await, host.events().await.len()), (json!("handled"), 3), "fresh ones leave no mark");
    assert_eq!((trigger(false).await, host.events().await.len()), (json!("seen"), 3));
}
