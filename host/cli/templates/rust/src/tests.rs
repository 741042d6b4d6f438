//! These run on this machine, against the SDK's host in memory: `cargo test`.

use hookyard_sdk::testing::Host;
use serde_json::json;

use super::*;

fn host() -> Host<MyPlugin> {
    Host::new(&json!({ "webhook_secret": "a secret" }))
}

fn update(id: &str, state: &str) -> Webhook {
    Webhook::post(json!({ "id": id, "order": "A-1001", "state": state }).to_string())
}

#[test]
fn the_sample_becomes_an_event() {
    let answer = host().sample("order-shipped");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.events[0].kind, "order.updated");
    assert_eq!(answer.events[0].json(), json!({ "order": "A-1001", "state": "shipped" }));
}

#[test]
fn a_state_is_told_once() {
    let host = host();
    assert_eq!(host.webhook(&update("1", "placed")).events.len(), 1);
    assert!(host.webhook(&update("1", "placed")).duplicate, "the shop repeats a webhook");
    assert!(host.webhook(&update("2", "placed")).events.is_empty(), "another one without news");
    assert_eq!(host.webhook(&update("3", "shipped")).events.len(), 1);
}

#[test]
fn an_order_can_be_looked_up() {
    let host = host();
    host.sample("order-shipped");
    let order = host.action("get-order", &json!({ "order": "A-1001" }));
    assert_eq!(order, Ok(json!({ "order": "A-1001", "state": "shipped" })));
    let unknown =
        host.action("get-order", &json!({ "order": "A-1" })).expect_err("nobody knows it");
    assert_eq!(unknown.code, "order-not-found");
}
