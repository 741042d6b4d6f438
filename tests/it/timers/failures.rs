//! What becomes of a timer whose firing fails.

use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_tests::host::{START, TestHost};
use serde_json::{Value, json};

use super::{MINUTE, emit, heard, host, run, script, start, timer_until};

/// Longer than any wait of the schedule.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn fail(kind: &str, retry_after_ms: Option<u32>) -> Value {
    json!({ "fail": { "kind": kind, "code": "on-purpose", "message": "it is", "retry_after_ms": retry_after_ms } })
}

/// The milliseconds from the start of the test host's time to that of a JSON text.
fn after_start(time: &Value) -> i64 {
    let time: Timestamp = time.as_str().expect("a time").parse().expect("RFC 3339");
    time.as_millis() - START.as_millis()
}

async fn fired_by_hand(host: &TestHost, name: &str) {
    let reply = host.post(&format!("/v1/connections/shop/timers/{name}/fire"), &json!({})).await;
    assert_eq!(reply.status(), 202, "{}", reply.text());
}

#[tokio::test]
async fn what_does_not_get_better_by_itself_waits_for_an_operator() {
    let host = host().await;
    for (number, kind) in ["invalid", "failed"].into_iter().enumerate() {
        let steps = [json!({ "increment": { "key": kind, "by": 1 } }), emit(&json!("lost")), fail(kind, None)];
        run(&host, &[start(kind, 0, &script(&steps))]).await;
        let failed = timer_until(&host, kind, |timer| timer["state"] == "failed").await;
        assert_eq!((&failed["attempts"], &failed["awaits_activation"]), (&json!(1), &json!(false)), "{failed}");
        assert_eq!(failed["error"], json!({ "code": "on-purpose", "message": "it is" }));
        assert!(failed.get("next_attempt_at").is_none(), "{failed}");
        let news = heard(&host, number + 1).await;
        let expected =
            json!({ "timer": kind, "connection": "shop", "code": "on-purpose", "message": "it is", "attempts": 1 });
        assert_eq!(news[number], expected);
        assert_eq!(run(&host, &[json!({ "get": { "key": kind } })]).await, [Value::Null], "nothing of it is kept");
    }
    let event = host.all_events().await.remove(0);
    assert_eq!((&event["type"], &event["source"]), (&json!("hookyard.timer.failed"), &json!("/host")));
    assert_eq!(event["subject"], "shop");
    let listed = host.get("/v1/timers?state=failed").await.json();
    assert_eq!(listed["timers"].as_array().map(Vec::len), Some(2));
    host.advance(DAY);
    assert_eq!(heard(&host, 2).await.len(), 2, "no time mends it");
}

#[tokio::test]
async fn a_failed_timer_is_fired_again_by_hand_and_survives_a_restart() {
    let mut host = host().await;
    let steps =
        [json!({ "fail_without": { "key": "mended", "kind": "failed", "code": "broken" } }), emit(&json!("done"))];
    run(&host, &[start("poll", 0, &script(&steps))]).await;
    timer_until(&host, "poll", |timer| timer["state"] == "failed").await;
    host.restart().await;
    assert_eq!(timer_until(&host, "poll", Value::is_object).await["state"], "failed");
    fired_by_hand(&host, "poll").await;
    let again = heard(&host, 2).await;
    assert_eq!((&again[1]["code"], &again[1]["attempts"]), (&json!("broken"), &json!(1)), "counted anew");
    run(&host, &[json!({ "set": { "key": "mended", "value": "1" } })]).await;
    fired_by_hand(&host, "poll").await;
    assert_eq!(heard(&host, 3).await[2], "done");
    assert!(timer_until(&host, "poll", Value::is_null).await.is_null());
}

#[tokio::test]
async fn a_busy_provider_and_a_trap_are_tried_again_later() {
    let host = host().await;
    let broken = script(&[json!({ "panic": { "message": "on purpose" } })]);
    let steps = [
        start("busy", 0, &script(&[fail("unavailable", None)])),
        start("asks", 0, &script(&[fail("unavailable", Some(600_000))])),
        start("trap", 0, &broken),
    ];
    run(&host, &steps).await;
    for (name, code, from, to) in [
        ("busy", "on-purpose", 4_000, 6_000),
        ("asks", "on-purpose", 600_000, 600_000),
        ("trap", "plugin-trap", 4_000, 6_000),
    ] {
        let waits = timer_until(&host, name, |timer| timer["attempts"] == 1).await;
        assert_eq!((&waits["state"], &waits["error"]["code"]), (&json!("pending"), &json!(code)), "{waits}");
        let at = after_start(&waits["next_attempt_at"]);
        assert!((from..=to).contains(&at), "{name}: {at}");
        assert_eq!(after_start(&waits["due_at"]), 0, "when it was to fire first");
    }
}

#[tokio::test]
async fn a_timer_that_fails_for_more_than_a_day_is_given_up() {
    let host = host().await;
    run(&host, &[start("poll", 0, &script(&[fail("unavailable", None)]))]).await;
    for attempts in 1..=8 {
        let waits = timer_until(&host, "poll", |timer| timer["attempts"] == attempts).await;
        assert_eq!(waits["state"], "pending", "{waits}");
        host.advance(DAY);
    }
    let failed = timer_until(&host, "poll", |timer| timer["attempts"] == 9).await;
    assert_eq!(failed["state"], "failed");
    assert_eq!(heard(&host, 1).await[0]["attempts"], 9);
}

#[tokio::test]
async fn what_is_tried_again_is_the_same_start_of_the_timer() {
    let host = host().await;
    let steps =
        [json!({ "fail_without": { "key": "mended", "kind": "unavailable", "code": "busy" } }), emit(&json!("done"))];
    run(&host, &[start("poll", 60, &script(&steps))]).await;
    let started = timer_until(&host, "poll", Value::is_object).await;
    host.advance(MINUTE);
    let waits = timer_until(&host, "poll", |timer| timer["attempts"] == 1).await;
    assert_eq!(waits["generation"], started["generation"]);
    run(&host, &[json!({ "set": { "key": "mended", "value": "1" } })]).await;
    host.advance(MINUTE);
    assert_eq!(heard(&host, 1).await, ["done"]);
    assert!(timer_until(&host, "poll", Value::is_null).await.is_null());
}

#[tokio::test]
async fn refused_credentials_wait_until_the_connection_is_activated() {
    let mut host = host().await;
    let steps = [
        json!({ "fail_without": { "key": "new-key", "kind": "unauthorized", "code": "provider-unauthorized" } }),
        emit(&json!("done")),
    ];
    run(&host, &[start("poll", 0, &script(&steps))]).await;
    let waits = timer_until(&host, "poll", |timer| timer["awaits_activation"] == true).await;
    assert_eq!((&waits["state"], &waits["attempts"]), (&json!("pending"), &json!(1)), "{waits}");
    assert!(waits.get("next_attempt_at").is_none(), "{waits}");
    let health = host.get("/v1/connections/shop").await.json()["health"].clone();
    assert_eq!((&health["status"], &health["code"]), (&json!("unhealthy"), &json!("provider-unauthorized")));

    run(&host, &[json!({ "set": { "key": "new-key", "value": "1" } })]).await;
    let checked = host.post("/v1/connections/shop/check", &json!({})).await;
    assert_eq!(checked.json()["health"]["status"], "healthy", "{}", checked.text());
    assert!(timer_until(&host, "poll", Value::is_null).await.is_null());
    let told = |host: Vec<Value>| host.iter().filter(|event| event["data"] == "done").count();
    assert_eq!(told(host.events().await), 1);

    run(&host, &[json!({ "delete": { "key": "new-key" } }), start("poll", 0, &script(&steps))]).await;
    timer_until(&host, "poll", |timer| timer["awaits_activation"] == true).await;
    run(&host, &[json!({ "set": { "key": "new-key", "value": "1" } })]).await;
    host.restart().await;
    assert!(timer_until(&host, "poll", Value::is_null).await.is_null(), "a start activates it");
    assert_eq!(told(host.events().await), 2);
}
