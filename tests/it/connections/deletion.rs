//! The end of a connection, and its pause.

use hookyard_tests::guests;
use hookyard_tests::host::TestHost;
use hookyard_tests::http::Reply;
use hookyard_tests::process::HostProcess;
use hookyard_tests::provider::Provider;
use http::Request;
use serde_json::{Value, json};

use super::{PATH, builder, echo, webhook};

/// Puts a connection as soon as its id is free; says how often it was not.
async fn put_when_free(host: &TestHost, connection: &Value) -> (Reply, usize) {
    let mut refused = 0;
    loop {
        let reply = host.put(PATH, connection).await;
        if reply.status() != 409 {
            return (reply, refused);
        }
        assert_eq!(reply.json()["code"], "connection-deleting", "{}", reply.text());
        assert!(!reply.header("retry-after").is_empty());
        refused += 1;
    }
}

fn emit(what: &str) -> Value {
    json!({ "do": [{ "emit": { "data": what } }, { "increment": { "key": "count", "by": 1 } }] })
}

#[tokio::test]
async fn a_deleted_connection_leaves_its_events_and_nothing_else() {
    let mut host = builder().start().await;
    let connection = echo(&json!({ "secret": "sesame" }));
    host.put(PATH, &connection).await;
    let derive = json!({ "do": [{ "idempotency_key": { "purpose": "x" } }] });
    let derived = host.call_as("derive", "bot", "do", &derive).await.json()["answers"].clone();
    assert_eq!(host.call_as("order-7", "bot", "do", &emit("first")).await.json()["answers"][1], 1);
    let known = json!({ "id": "w-1", "do": [{ "emit": { "data": "second" } }] });
    assert_eq!(webhook(&host, "bot", "sesame", &known).await.status(), 200);
    assert_eq!(webhook(&host, "bot", "sesame", &known).await.text(), "", "seen before");

    assert_eq!(host.delete(PATH).await.status(), 204);
    assert_eq!(host.get(PATH).await.status(), 404);
    assert_eq!(webhook(&host, "bot", "sesame", &known).await.status(), 404);
    assert_eq!(host.events().await.len(), 2);
    let (created, _) = put_when_free(&host, &connection).await;
    assert_eq!(created.status(), 201);

    let again = host.call_as("order-7", "bot", "do", &emit("third")).await;
    assert_eq!(again.json()["answers"][1], 1, "neither the answer nor the key is there: {}", again.text());
    assert_ne!(webhook(&host, "bot", "sesame", &known).await.text(), "", "it is not known any more");
    assert_ne!(host.call_as("derive", "bot", "do", &derive).await.json()["answers"], derived);
    host.restart().await;
    assert_eq!(host.call_as("order-8", "bot", "do", &emit("fourth")).await.json()["answers"][1], 2);
    let events: Vec<_> = host.events().await.iter().map(|event| event["data"].clone()).collect();
    assert_eq!(events, ["first", "second", "third", "second", "fourth"]);
}

#[tokio::test]
async fn what_a_deleted_connection_has_in_flight_is_not_kept() {
    let provider = Provider::start().await;
    let host = builder().start().await;
    host.put(PATH, &echo(&json!({}))).await;
    let slow = json!({ "do": [
        { "fetch": { "url": format!("{}/gate", provider.base()) } }, { "emit": { "data": 1 } },
    ]});
    let grant = json!({ "grants": { "hosts": [provider.base()] } });
    assert_eq!(host.patch(PATH, &grant).await.status(), 200);
    let call = host.call("bot", "do", &slow);
    let delete = async {
        provider.asked("/gate", 1).await;
        let deleted = host.delete(PATH).await;
        provider.open();
        deleted
    };
    let (called, deleted) = tokio::join!(call, delete);
    assert_eq!((called.status(), deleted.status()), (404, 204), "{}", called.text());
    assert!(host.events().await.is_empty());
}

#[tokio::test]
async fn the_plugin_takes_its_leave_when_its_connection_is_disabled_or_deleted() {
    let provider = Provider::start().await;
    for path in ["/activate", "/deactivate"] {
        provider.answer(path, 200, "");
    }
    let host = builder().start().await;
    host.put(PATH, &echo(&json!({ "base": provider.base(), "secret": "sesame" }))).await;
    provider.asked("/activate", 1).await;
    let disabled = host.patch(PATH, &json!({ "enabled": false })).await.json();
    assert_eq!(disabled["health"]["status"], "disabled", "{disabled}");
    assert_eq!(disabled["config"]["secret"], json!({ "set": true }));
    provider.asked("/deactivate", 1).await;
    let refused = webhook(&host, "bot", "sesame", &json!({})).await;
    assert_eq!((refused.status(), &refused.json()["code"]), (503, &json!("connection-disabled")));

    assert_eq!(host.patch(PATH, &json!({ "enabled": true })).await.status(), 200);
    provider.asked("/activate", 2).await;
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.status(), 200, "its secret is there still");
    assert_eq!(host.delete(PATH).await.status(), 204);
    provider.asked("/deactivate", 2).await;
}

#[tokio::test]
async fn a_plugin_that_fails_to_take_its_leave_stops_no_deletion() {
    let provider = Provider::start().await;
    provider.answer("/activate", 200, "");
    provider.answer("/deactivate", 500, "no");
    let host = builder().start().await;
    let connection = echo(&json!({ "base": provider.base() }));
    host.put(PATH, &connection).await;
    assert_eq!(host.delete(PATH).await.status(), 204);
    let (created, _) = put_when_free(&host, &connection).await;
    assert_eq!((created.status(), provider.times_asked("/deactivate")), (201, 1));
}

#[tokio::test]
async fn a_deletion_that_a_kill_interrupts_goes_on_after_the_restart() {
    let provider = Provider::start().await;
    let mut host = HostProcess::start_with(env!("CARGO_BIN_EXE_hookyard"), guests::ECHO, "", "warn").await;
    // Whatever asks the provider waits there until it opens.
    let connection = echo(&json!({ "base": format!("{}/gate", provider.base()) })).to_string();
    let put = async |host: &HostProcess| {
        let request = Request::put(PATH).header("content-type", "application/json");
        host.send(request, connection.clone()).await.expect("an answer")
    };
    assert_eq!(put(&host).await.status(), 201);
    let count = json!({ "do": [{ "increment": { "key": "count", "by": 1 } }] });
    let counted = host.call_as("a", "bot", "do", &count).await.expect("an answer").json();
    assert_eq!(counted["answers"][0], 1);
    assert_eq!(host.send(Request::delete(PATH), "").await.expect("an answer").status(), 204);
    host.kill().await;
    host.start_again().await;
    assert_eq!(host.send(Request::get(PATH), "").await.expect("an answer").status(), 404);
    provider.open();
    let created = loop {
        let reply = put(&host).await;
        if reply.status() != 409 {
            break reply;
        }
    };
    assert_eq!(created.status(), 201, "{}", created.text());
    let counted = host.call_as("a", "bot", "do", &count).await.expect("an answer").json();
    assert_eq!(counted["answers"][0], 1, "nothing of the first life is there: {counted}");
}

#[tokio::test]
async fn nothing_of_a_deleted_connection_waits_for_a_provider_that_cannot_be_reached() {
    let provider = Provider::start().await;
    provider.answer("/activate", 503, "down");
    let host = builder().start().await;
    host.put(PATH, &echo(&json!({ "base": provider.base(), "secret": "sesame" }))).await;
    provider.asked("/activate", 1).await;
    while host.sleeping_until().is_empty() {
        tokio::task::yield_now().await;
    }
    let connection = host.running().host.connections.get(&"bot".parse().expect("an id"));
    let deleted = std::sync::Arc::downgrade(&connection.expect("it is there"));
    assert_eq!(host.delete(PATH).await.status(), 204);
    // No time passes here: whatever slept would do so for ever.
    while deleted.upgrade().is_some() {
        tokio::task::yield_now().await;
    }
}
