//! What the operator can have done with deliveries.

use std::time::Duration;

use hookyard_domain::delivery::DeliveryState;
use hookyard_tests::host::TestHost;
use hookyard_tests::receiver::{Answer, Receiver};
use serde_json::json;

use super::{builder, emit, subjects, tell, to, view};

/// Lets all attempts of the schedule fail.
async fn exhaust(host: &TestHost) {
    for attempt in 1..10 {
        host.until_failed("crm", attempt).await;
        host.advance(Duration::from_secs(24 * 60 * 60 + 1));
    }
    host.until_failed("crm", 10).await;
}

#[tokio::test]
async fn what_was_given_up_is_tried_again_when_the_operator_says_so() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Status(500));
    let toml = format!("[deliveries]\npause_after_hours = 2160\n{}", to("crm", &receiver, "/hook"));
    let host = builder(&toml).start().await;
    emit(&host, "a", &json!(1)).await;
    exhaust(&host).await;
    let listed = host.get("/v1/deliveries?subscription=crm&state=exhausted").await.json();
    let id = listed["deliveries"][0]["id"].as_str().expect("an id").to_owned();
    receiver.answer("/hook", Answer::Status(200));
    let retried = host.post(&format!("/v1/deliveries/{id}/retry"), &json!({})).await;
    assert_eq!(retried.status(), 202, "{}", retried.text());
    let delivered = receiver.until("/hook", 11).await;
    assert_eq!(delivered[10].header("webhook-id"), delivered[0].header("webhook-id"));
    host.until_delivery("crm", |delivery| delivery.standing.state == DeliveryState::Delivered).await;
}

#[tokio::test]
async fn all_that_was_given_up_is_tried_again_together() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Status(500));
    let toml = format!("[deliveries]\npause_after_hours = 2160\n{}", to("crm", &receiver, "/hook"));
    let host = builder(&toml).start().await;
    emit(&host, "a", &json!(1)).await;
    exhaust(&host).await;
    let body = json!({ "subscription": "crm", "dry_run": true });
    let tried = host.post("/v1/deliveries/retry", &body).await;
    assert!(tried.status() < 300 && tried.json()["matched"] == 1, "{} {}", tried.status(), tried.text());
    assert_eq!(receiver.count(), 10, "it was asked only how many there are");
    receiver.answer("/hook", Answer::Status(200));
    let retried = host.post("/v1/deliveries/retry", &json!({ "subscription": "crm" })).await;
    assert!(retried.status() < 300, "{} {}", retried.status(), retried.text());
    receiver.until("/hook", 11).await;
}

#[tokio::test]
async fn a_replay_delivers_again_under_the_same_ids() {
    let receiver = Receiver::start().await;
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    let before = view(&host, "crm").await["cursor"].clone();
    for subject in ["a", "b"] {
        emit(&host, subject, &json!(1)).await;
    }
    receiver.until("/hook", 2).await;
    tell(&host, "crm", "replay", &json!({ "after": before })).await;
    let delivered = receiver.until("/hook", 4).await;
    let mut ids: Vec<_> = delivered.iter().map(|delivered| delivered.header("webhook-id").to_owned()).collect();
    ids.sort();
    assert_eq!((ids[0] == ids[1], ids[2] == ids[3], ids[1] == ids[2]), (true, true, false));
}

#[tokio::test]
async fn a_subscription_that_is_paused_delivers_when_it_is_resumed() {
    let receiver = Receiver::start().await;
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    tell(&host, "crm", "pause", &json!({})).await;
    emit(&host, "a", &json!(1)).await;
    let shown = view(&host, "crm").await;
    assert_eq!((shown["state"].as_str(), shown["paused"]["code"].as_str()), (Some("paused"), Some("operator")));
    assert_eq!(receiver.count(), 0);
    tell(&host, "crm", "resume", &json!({})).await;
    receiver.until("/hook", 1).await;
    assert_eq!(subjects(&receiver, "/hook"), ["a"]);
}
