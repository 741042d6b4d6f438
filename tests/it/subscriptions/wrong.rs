//! What is refused, with everything that is wrong with it.

use hookyard_tests::host::TestHost;
use hookyard_tests::http::Reply;
use hookyard_tests::receiver::Receiver;
use serde_json::{Value, json};

use super::{create, document, host, path};

fn errors(reply: &Reply) -> Vec<(String, String)> {
    assert_eq!((reply.status(), reply.json()["code"].clone()), (422, json!("invalid-input")), "{}", reply.text());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let document = reply.json();
    let errors = document["errors"].as_array().expect("a list").iter();
    errors.map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
}

async fn refused(host: &TestHost, document: Value) -> Vec<(String, String)> {
    errors(&host.post("/v1/subscriptions", &document).await)
}

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn what_cannot_work_is_not_made() {
    let host = host("").await;
    let action = |connection: &str, action: &str, input: Value| json!({ "types": [], "endpoint": { "connection": connection, "action": action, "input": input } });
    let refused = async |document: Value| refused(&host, document).await;
    assert_eq!(refused(action("nobody", "echo", json!({}))).await, one("/endpoint/connection", "unknown-connection"));
    assert_eq!(refused(action("bot", "fly", json!({}))).await, one("/endpoint/action", "unknown-action"));
    let template = refused(action("bot", "echo", json!({ "a": ["{{ event. }}"] }))).await;
    assert_eq!(template, one("/endpoint/input/a/0", "template"));
    let when = json!({ "types": [], "when": "event ==", "endpoint": { "url": "https://x.example/" } });
    assert_eq!(refused(when).await, one("/when", "template"));
    let secret = json!({ "types": [], "endpoint": { "url": "https://x.example/", "secret": "whsec_x" } });
    assert_eq!(refused(secret).await, one("/endpoint/secret", "unknown-member"));
    let public = json!({ "types": [], "endpoint": { "url": "http://x.example:port/" } });
    assert_eq!(refused(public).await, one("/endpoint/url", "invalid"));
    assert_eq!(refused(json!({ "id": "mine" })).await, one("/id", "unknown-member"));
    let none = host.get("/v1/subscriptions").await.json();
    assert_eq!(none, json!({ "subscriptions": [] }), "nothing was made");
}

#[tokio::test]
async fn a_patch_that_is_wrong_changes_nothing() {
    let (receiver, host) = (Receiver::start().await, host("").await);
    let made = create(&host, &document(&receiver, "/hook")).await;
    let wrong = host
        .patch(&path(&made), &json!({ "enabled": false, "types": ["a*b"], "endpoint": { "max_in_flight": 0 } }))
        .await;
    let mut places: Vec<_> = errors(&wrong).into_iter().map(|(pointer, _)| pointer).collect();
    places.sort();
    assert_eq!(places, ["/endpoint/max_in_flight", "/types/0"]);
    let shown = host.get(&path(&made)).await.json();
    assert_eq!((&shown["state"], &shown["types"]), (&json!("active"), &json!(["echo.*"])));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let host = host("").await;
    let nothing = json!({});
    for reply in [
        host.get("/v1/subscriptions/crm").await,
        host.get("/v1/subscriptions/NO").await,
        host.patch("/v1/subscriptions/crm", &nothing).await,
        host.delete("/v1/subscriptions/crm").await,
        host.post("/v1/subscriptions/crm/pause", &nothing).await,
        host.post("/v1/subscriptions/crm/rotate-secret", &nothing).await,
        host.post("/v1/subscriptions/crm/replay", &json!({ "after": "0" })).await,
        host.get("/v1/deliveries/dlv_01h2xcejqtf2nbrexx3vqjhp41").await,
        host.post("/v1/deliveries/dlv_01h2xcejqtf2nbrexx3vqjhp41/retry", &nothing).await,
        host.post("/v1/deliveries/retry", &json!({ "subscription": "crm" })).await,
    ] {
        assert_eq!((reply.status(), reply.json()["code"].clone()), (404, json!("not-found")), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_replay_stays_within_the_log() {
    let (receiver, host) = (Receiver::start().await, host("").await);
    let made = create(&host, &document(&receiver, "/hook")).await;
    let replay = format!("{}/replay", path(&made));
    let beyond = host.post(&replay, &json!({ "after": "9000000000" })).await;
    assert_eq!(errors(&beyond), one("/after", "invalid"));
    assert_eq!(errors(&host.post(&replay, &json!({})).await), one("", "missing"));
    assert_eq!(host.post(&replay, &json!({ "since": "2026-03-04T10:00:00Z" })).await.status(), 202);
}
