//! Flows: an event becomes a call of an action, and what that emits is an event again.

mod mapping;
mod outcomes;
mod pace;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};

/// The connection `bot` of the echo guest, whose provider this is, and these lines of configuration.
fn builder(provider: &Provider, toml: &str) -> Builder {
    provider.answer("/activate", 200, "");
    let config = format!("{}{toml}", connection(provider));
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(&config).to_the_second()
}

fn connection(provider: &Provider) -> String {
    format!(
        "[connections.bot]\nplugin = \"echo\"\nconfig = {{ base = \"{}\" }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}\n",
        provider.base()
    )
}

/// Has the bot emit an event about this, with data as JSON.
async fn emit(host: &TestHost, subject: &str, data: &str) {
    let request = http::Request::post("/v1/connections/bot/actions/do")
        .header("authorization", format!("Bearer {}", hookyard_tests::host::TOKEN));
    let script = format!(r#"{{"do": [{{"emit": {{"subject": "{subject}", "data": {data}}}}}]}}"#);
    let reply = host.send(request, script).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
}

/// The events about this, once there are so many.
async fn events_about(host: &TestHost, subject: &str, count: usize) -> Vec<Value> {
    loop {
        let mut events = host.events().await;
        events.retain(|event| event["subject"] == subject);
        if events.len() >= count {
            assert_eq!(events.len(), count, "{events:?}");
            return events;
        }
    }
}

/// The deliveries in this state, once there are so many; the newest first.
async fn deliveries(host: &TestHost, state: &str, count: usize) -> Vec<Value> {
    loop {
        let reply = host.get(&format!("/v1/deliveries?state={state}")).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        let deliveries = reply.json()["deliveries"].as_array().expect("a list").clone();
        if deliveries.len() >= count {
            assert_eq!(deliveries.len(), count, "{deliveries:?}");
            return deliveries;
        }
    }
}

/// What a delivery says about its last attempt.
fn error_code(delivery: &Value) -> &str {
    delivery["error"]["code"].as_str().unwrap_or_default()
}

/// A loop that sees no provider in between.
const PING_PONG: &str = r#"
[subscriptions.ping]
types = ["echo.any.*"]
when = "event.data.to == 'ping'"
endpoint = { connection = "bot", action = "do", input = { do = [{ emit = { subject = "{{ event.subject }}", data = { to = "pong", n = "{{ event.data.n + 1 }}" } } }] } }
[subscriptions.pong]
types = ["echo.any.heard"]
when = "event.data.to == 'pong'"
endpoint = { connection = "bot", action = "do", input = { do = [{ emit = { subject = "{{ event.subject }}", data = { to = "ping", n = "{{ event.data.n + 1 }}" } } }] } }
"#;

#[tokio::test]
async fn a_loop_of_two_flows_ends() {
    let provider = Provider::start().await;
    let host = builder(&provider, PING_PONG).start().await;
    emit(&host, "game", r#"{"to": "ping", "n": 0}"#).await;
    let exhausted = deliveries(&host, "exhausted", 1).await;
    assert_eq!((error_code(&exhausted[0]), &exhausted[0]["attempts"]), ("loop", &json!(1)), "{exhausted:?}");
    let events = events_about(&host, "game", 9).await;
    let numbers: Vec<_> = events.iter().map(|event| event["data"]["n"].clone()).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8].map(Value::from), "each flow ran as often as it may");
    assert_eq!(exhausted[0]["event"], events[8]["id"], "the last one goes nowhere");
    let trace = |event: &Value| event["traceparent"].as_str().expect("a trace").get(3..35).map(str::to_owned);
    assert!(events.iter().all(|event| trace(event) == trace(&events[0])), "all of it is one trace");
    let told = host.host_events("hookyard.delivery.exhausted").await;
    assert_eq!((told.len(), &told[0]["data"]["code"]), (1, &json!("loop")));
}
