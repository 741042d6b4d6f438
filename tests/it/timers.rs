//! Timers are set with the commit, survive everything, fire when they are due, and have effect once.

mod failures;
mod operator;

use std::sync::Arc;
use std::time::Duration;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::process::HostProcess;
use hookyard_tests::provider::Provider;
use http::Request;
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);

async fn host() -> TestHost {
    host_granting("nowhere.example").await
}

/// A host with a connection `shop` of the echo guest, which may reach this provider.
async fn host_granting(base: &str) -> TestHost {
    let grants = format!("{{ hosts = [\"{base}\"], private_addresses = [\"127.0.0.1/32\"] }}");
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config(&format!(
            "[connections.shop]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\" }}\ngrants = {grants}"
        ))
        .start()
        .await
}

/// Has a webhook of `shop` run these steps; says what they came to.
async fn run(host: &TestHost, steps: &[Value]) -> Vec<Value> {
    let request = Request::post("/webhooks/shop").header("x-echo-token", "sesame");
    let reply = host.send(request, json!({ "do": steps }).to_string()).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()["answers"].as_array().expect("answers is a list").clone()
}

fn start(name: &str, delay_seconds: u64, payload: &Value) -> Value {
    json!({ "start_timer": { "name": name, "delay_seconds": delay_seconds, "payload": payload } })
}

fn emit(data: &Value) -> Value {
    json!({ "emit": { "data": data } })
}

/// What a timer's payload is when it is to run these steps.
fn script(steps: &[Value]) -> Value {
    json!({ "do": steps })
}

/// Waits until there are so many events, and hands out the data of all of them.
async fn heard(host: &TestHost, events: usize) -> Vec<Value> {
    loop {
        let all = host.all_events().await;
        if all.len() >= events {
            return all.iter().map(|event| event["data"].clone()).collect();
        }
        let after = all.last().map(|event| format!("&after={}", event["offset"].as_str().expect("a string")));
        host.get(&format!("/v1/events?wait=60{}", after.unwrap_or_default())).await;
    }
}

/// The timer as the API shows it; `null` when there is none.
async fn timer(host: &TestHost, name: &str) -> Value {
    let reply = host.get(&format!("/v1/connections/shop/timers/{name}")).await;
    if reply.status() == 200 { reply.json() } else { Value::Null }
}

/// Waits until that is so of the timer.
async fn timer_until(host: &TestHost, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let timer = timer(host, name).await;
        if is_so(&timer) {
            return timer;
        }
    }
}

#[tokio::test]
async fn a_timer_fires_once_when_it_is_due() {
    let host = host().await;
    assert_eq!(run(&host, &[start("poll", 60, &json!({ "n": 1.50 }))]).await, ["started"]);
    let shown = timer(&host, "poll").await;
    assert_eq!(
        (&shown["state"], &shown["attempts"], &shown["payload"]),
        (&json!("pending"), &json!(0), &json!({"n": 1.5}))
    );
    assert_eq!(shown["due_at"], shown["next_attempt_at"]);
    host.advance(MINUTE - Duration::from_secs(1));
    run(&host, &[emit(&json!("before"))]).await;
    host.advance(Duration::from_secs(1));
    assert_eq!(heard(&host, 2).await, [json!("before"), json!({ "n": 1.5 })]);
    assert_eq!(timer_until(&host, "poll", Value::is_null).await, Value::Null, "it is gone with its firing");
    host.advance(MINUTE * 60 * 24);
    run(&host, &[emit(&json!("after"))]).await;
    assert_eq!(heard(&host, 3).await.len(), 3);
    let events = host.events().await;
    assert_eq!((&events[1]["subject"], &events[1]["plugin"]), (&json!("poll"), &events[0]["plugin"]));
    let invocations = host.get("/v1/invocations?connection=shop").await.json();
    let fired = invocations["invocations"].as_array().expect("a list").iter().find(|one| one["occasion"] == "timer");
    assert_eq!(fired.expect("it is among them")["timer"], "poll");
}

#[tokio::test]
async fn a_timer_may_start_itself_again_and_every_firing_counts_once() {
    let host = host().await;
    let tick = |next: Option<Value>| {
        let count = json!({ "increment": { "key": "ticks", "by": 1 } });
        script(&[vec![count, emit(&json!("tick"))], next.into_iter().collect()].concat())
    };
    let third = tick(None);
    let second = tick(Some(start("poll", 60, &third)));
    run(&host, &[start("poll", 60, &tick(Some(start("poll", 60, &second))))]).await;
    let first = timer(&host, "poll").await;
    for ticks in 1..=3 {
        host.advance(MINUTE);
        assert_eq!(heard(&host, ticks).await.len(), ticks);
        let counted = run(&host, &[json!({ "get": { "key": "ticks" } })]).await;
        assert_eq!(counted[0]["value"], ticks.to_string());
        let now = timer_until(&host, "poll", |timer| timer.is_null() == (ticks == 3)).await;
        assert_ne!(now["generation"], first["generation"]);
    }
}

#[tokio::test]
async fn what_was_due_while_the_host_was_down_fires_when_it_is_up_again() {
    let mut host = host().await;
    run(&host, &[start("first", 60, &json!(1)), start("second", 3_600, &json!(2)), start("later", 90_000, &json!(3))])
        .await;
    let clock = Arc::clone(&host.clock);
    host.restart_after(|_| clock.advance(MINUTE * 60 * 24)).await;
    let mut data = heard(&host, 2).await;
    data.sort_by_key(Value::as_u64);
    assert_eq!(data, [1, 2]);
    assert_eq!(timer(&host, "later").await["state"], "pending");
    host.advance(MINUTE * 60);
    assert_eq!(heard(&host, 3).await[2], 3);
}

#[tokio::test]
async fn a_timer_that_was_acknowledged_survives_a_kill_and_fires_once() {
    let config = "[connections.shop]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }";
    let mut host = HostProcess::start_with(env!("CARGO_BIN_EXE_hookyard"), guests::ECHO, config, "warn").await;
    let input = json!({ "do": [start("soon", 2, &json!("fired")), start("never", 80_000, &json!(0))] });
    let reply = host.call_as("k", "shop", "do", &input).await.expect("the host answers");
    assert_eq!(reply.status(), 200, "{}", reply.text());
    for _ in 0..2 {
        host.kill().await;
        host.start_again().await;
        host.send(Request::get("/v1/events?wait=60"), "").await.expect("the host answers");
        let events = host.events().await;
        assert_eq!(events.iter().map(|event| &event["data"]).collect::<Vec<_>>(), ["fired"]);
    }
    let left = host.send(Request::get("/v1/timers"), "").await.expect("the host answers").json();
    let left: Vec<_> = left["timers"].as_array().expect("a list").iter().map(|timer| &timer["name"]).collect();
    assert_eq!(left, ["never"]);
}

#[tokio::test]
async fn a_timer_that_is_replaced_never_fires_with_its_old_payload() {
    let host = host().await;
    run(&host, &[start("poll", 60, &json!("old"))]).await;
    run(&host, &[start("poll", 120, &json!("new"))]).await;
    host.advance(MINUTE);
    run(&host, &[emit(&json!("between"))]).await;
    host.advance(MINUTE);
    assert_eq!(heard(&host, 2).await, ["between", "new"]);
    run(&host, &[start("poll", 120, &json!("late")), start("poll", 0, &json!("soon"))]).await;
    assert_eq!(heard(&host, 3).await[2], "soon", "the last call of an invocation wins");
}

#[tokio::test]
async fn a_timer_that_is_replaced_while_it_fires_leaves_nothing_of_that_firing() {
    let provider = Provider::start().await;
    let host = host_granting(&provider.base()).await;
    let gate = json!({ "fetch": { "url": format!("{}/gate", provider.base()) } });
    let old = script(&[gate, json!({ "set": { "key": "old", "value": "1" } }), emit(&json!("old"))]);
    run(&host, &[start("poll", 0, &old)]).await;
    provider.asked("/gate", 1).await;
    run(&host, &[start("poll", 60, &json!("new"))]).await;
    provider.open();
    host.advance(MINUTE);
    assert_eq!(heard(&host, 1).await, ["new"]);
    assert_eq!(run(&host, &[json!({ "get": { "key": "old" } })]).await, [Value::Null]);
}

#[tokio::test]
async fn a_cancelled_timer_does_not_fire_even_if_it_fires_already() {
    let provider = Provider::start().await;
    let host = host_granting(&provider.base()).await;
    run(&host, &[start("a", 60, &json!("a")), start("b", 60, &json!("b"))]).await;
    assert_eq!(run(&host, &[json!({ "cancel_timer": { "name": "a" } })]).await, ["cancelled"]);
    assert_eq!(run(&host, &[json!({ "cancel_timer": { "name": "a" } })]).await, ["cancelled"], "there is none");
    host.advance(MINUTE);
    assert_eq!(heard(&host, 1).await, ["b"]);

    let gate = json!({ "fetch": { "url": format!("{}/gate", provider.base()) } });
    run(&host, &[start("c", 0, &script(&[gate, emit(&json!("c"))]))]).await;
    provider.asked("/gate", 1).await;
    run(&host, &[json!({ "cancel_timer": { "name": "c" } }), emit(&json!("cancelled"))]).await;
    provider.open();
    run(&host, &[start("d", 0, &json!("d"))]).await;
    assert_eq!(heard(&host, 3).await, ["b", "cancelled", "d"]);
    assert!(timer(&host, "c").await.is_null());
}

#[tokio::test]
async fn a_firing_that_meets_another_change_runs_again_whole() {
    let provider = Provider::start().await;
    let host = host_granting(&provider.base()).await;
    let steps = [
        json!({ "increment": { "key": "firings", "by": 1 } }),
        json!({ "get": { "key": "k" } }),
        json!({ "fetch": { "url": format!("{}/gate", provider.base()) } }),
        json!({ "set": { "key": "k", "value": "timer" } }),
        emit(&json!("fired")),
        start("next", 60, &json!("next")),
    ];
    run(&host, &[start("poll", 0, &script(&steps))]).await;
    provider.asked("/gate", 1).await;
    run(&host, &[json!({ "set": { "key": "k", "value": "webhook" } })]).await;
    provider.open();
    assert_eq!(heard(&host, 1).await, ["fired"]);
    assert_eq!(provider.times_asked("/gate"), 2, "it has run twice");
    let firings = run(&host, &[json!({ "get": { "key": "firings" } })]).await;
    assert_eq!(firings[0]["value"], "1", "and counts once");
    assert!(timer(&host, "poll").await.is_null() && timer(&host, "next").await.is_object());
}

#[tokio::test]
async fn an_invocation_that_fails_starts_no_timer() {
    let host = host().await;
    let fail = json!({ "fail": { "kind": "invalid", "code": "c", "message": "m" } });
    let body = json!({ "do": [start("poll", 0, &json!(1)), fail] });
    let request = Request::post("/webhooks/shop").header("x-echo-token", "sesame");
    assert_eq!(host.send(request, body.to_string()).await.status(), 400);
    assert!(timer(&host, "poll").await.is_null());
    assert!(host.events().await.is_empty());
}

#[tokio::test]
async fn the_guest_learns_at_once_what_is_too_much() {
    let host = host().await;
    let many: Vec<_> = (0..101).map(|number| start(&format!("t{number}"), 60, &json!(number))).collect();
    let answers = run(&host, &many).await;
    assert_eq!((&answers[99], &answers[100]["refused"]), (&json!("started"), &json!("too-many")));
    let wrong = [
        start("", 1, &json!(1)),
        start("a\nb", 1, &json!(1)),
        start("a", 366 * 24 * 60 * 60 + 1, &json!(1)),
        start("a", 1, &json!("x".repeat(64 * 1024))),
    ];
    let refused: Vec<_> = run(&host, &wrong).await.iter().map(|answer| answer["refused"].clone()).collect();
    assert_eq!(refused, ["invalid", "invalid", "invalid", "too-large"]);
    let listed = host.get("/v1/timers?connection=shop&limit=1000").await.json();
    assert_eq!(listed["timers"].as_array().map(Vec::len), Some(100));
}
