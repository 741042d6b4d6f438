//! What runs by itself leaves room for those who wait for an answer, and ends in good order with the host.

use std::time::Duration;

use hookyard_domain::inbox::WebhookState;
use hookyard_tests::host::TestHost;
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};

use super::{host, send};

/// Fails until it is mended; then it asks the provider, which answers when its gate is opened.
fn slow(provider: &Provider, id: &str) -> Value {
    let fail = json!({ "fail_without": { "key": "mended", "kind": "unavailable", "code": "busy" } });
    let ask = json!({ "ask": { "url": format!("{}/gate", provider.base()) } });
    json!({ "id": id, "do": [fail, ask, { "emit": { "data": id } }] })
}

async fn mend(host: &TestHost) {
    let mended = json!({ "do": [{ "set": { "key": "mended", "value": "1" } }] });
    assert_eq!(send(host, &mended).await.status(), 200);
}

#[tokio::test]
async fn runs_from_the_inbox_leave_half_of_the_share_to_webhooks_and_actions() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    for number in 0..10 {
        assert_eq!(send(&host, &slow(&provider, &number.to_string())).await.status(), 202);
    }
    mend(&host).await;
    host.advance(Duration::from_secs(5));
    // Three of the six that a connection has of the eight slots of a test host.
    provider.asked("/gate", 3).await;
    let quick = json!({ "do": [{ "emit": { "data": "quick" } }] });
    assert_eq!(send(&host, &quick).await.status(), 200);
    assert_eq!(host.call("bot", "do", &quick).await.status(), 200);
    assert_eq!((host.events().await.len(), provider.times_asked("/gate")), (2, 3));
    provider.open();
    host.until_all(WebhookState::Handled).await;
    assert_eq!(host.events().await.len(), 12);
}

#[tokio::test]
async fn timers_of_a_provider_that_does_not_answer_leave_room_for_webhooks_of_the_inbox() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let ask = json!({ "fetch": { "url": format!("{}/gate", provider.base()) } });
    let timers: Vec<_> = (0..50)
        .map(|number| {
            let payload = json!({ "do": [ask] });
            json!({ "start_timer": { "name": number.to_string(), "delay_seconds": 1, "payload": payload } })
        })
        .collect();
    assert_eq!(send(&host, &json!({ "do": timers })).await.status(), 200);
    provider.answer("/x", 503, "down");
    assert_eq!(send(&host, &super::asking(&provider, "a")).await.status(), 202);
    provider.answer("/x", 200, "");
    host.advance(Duration::from_secs(1));
    provider.asked("/gate", 2).await;
    host.advance(Duration::from_secs(5));
    host.until_all(WebhookState::Handled).await;
    assert_eq!(provider.times_asked("/gate"), 2, "the timers wait");
    provider.open();
    provider.asked("/gate", 50).await;
}

#[tokio::test]
async fn a_host_that_stops_lets_end_what_runs_from_the_inbox() {
    let provider = Provider::start().await;
    let mut host = host(&provider).await;
    for id in ["a", "b"] {
        assert_eq!(send(&host, &slow(&provider, id)).await.status(), 202);
    }
    mend(&host).await;
    host.advance(Duration::from_secs(5));
    provider.asked("/gate", 2).await;
    tokio::join!(host.restart(), async {
        // The end has begun when this is polled.
        provider.open();
    });
    let entries = host.inbox().await;
    assert!(entries.iter().all(|entry| entry.standing.state == WebhookState::Handled), "{entries:?}");
    assert_eq!((host.events().await.len(), provider.times_asked("/gate")), (2, 2), "each ran once and counts once");
}
