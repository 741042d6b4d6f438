//! What an endpoint can do instead of taking an event, and what becomes of the delivery then.

use std::time::Duration;

use hookyard_domain::clock::Clock as _;
use hookyard_domain::delivery::{Delivery, DeliveryState};
use hookyard_domain::inbox::Next;
use hookyard_tests::host::TestHost;
use hookyard_tests::names::Names;
use hookyard_tests::receiver::{Answer, Receiver};
use serde_json::json;

use super::{builder, emit, tell, to, view};

fn code(delivery: &Delivery) -> &str {
    let last = delivery.standing.history.last().expect("it was tried");
    &last.error.as_ref().expect("it has failed").code
}

fn message(delivery: &Delivery) -> &str {
    let last = delivery.standing.history.last().expect("it was tried");
    &last.error.as_ref().expect("it has failed").message
}

/// Seconds until it is tried again.
fn wait(host: &TestHost, delivery: &Delivery) -> i64 {
    match delivery.standing.next {
        Some(Next::At(at)) => (at.as_millis() - host.clock.now().as_millis()) / 1_000,
        ref other => panic!("it waits for {other:?}"),
    }
}

#[tokio::test]
async fn each_failure_has_its_code_and_its_wait() {
    let receiver = Receiver::start().await;
    let table = [
        ("broken", Answer::Status(500), "http-500", 5),
        ("unknown", Answer::Status(404), "http-404", 5),
        ("busy", Answer::RetryAfter(429, "120".to_owned()), "http-429", 120),
        ("soon", Answer::RetryAfter(429, "1".to_owned()), "http-429", 5),
        ("until", Answer::RetryAfter(503, "Wed, 04 Mar 2026 10:10:00 GMT".to_owned()), "http-503", 600),
        ("away", Answer::Redirect(307, receiver.url("/elsewhere")), "redirect", 5),
        ("closed", Answer::Close, "closed", 5),
    ];
    let mut toml = String::new();
    for (name, answer, ..) in &table {
        receiver.answer(&format!("/{name}"), answer.clone());
        toml.push_str(&to(name, &receiver, &format!("/{name}")));
    }
    let host = builder(&toml).start().await;
    emit(&host, "c1", &json!(1)).await;
    for (name, _, expected, seconds) in &table {
        let delivery = host.until_failed(name, 1).await;
        assert_eq!((code(&delivery), wait(&host, &delivery)), (*expected, *seconds), "{name}");
        assert_eq!(delivery.standing.state, DeliveryState::Pending, "{name}");
        assert_eq!(receiver.delivered_to(&format!("/{name}")).len(), 1, "{name}: nothing tries twice");
    }
    assert!(receiver.delivered_to("/elsewhere").is_empty(), "a redirect is not followed");
    let away = host.until_failed("away", 1).await;
    assert!(message(&away).contains("/elsewhere"), "it says where to: {}", message(&away));
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_reached_says_why() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let nobody = format!("http://{}/", listener.local_addr().expect("it is bound"));
    drop(listener);
    let receiver = Receiver::start().await;
    let plain = receiver.url("/").replace("http://", "https://");
    let table = [
        ("nobody", nobody, "connect"),
        ("nowhere", "https://nowhere.example/".to_owned(), "dns"),
        ("inside", "https://inside.example/".to_owned(), "address-refused"),
        ("plain", plain, "tls"),
    ];
    let mut toml = String::new();
    for (name, url, _) in &table {
        toml.push_str(&format!("[subscriptions.{name}]\ntypes = [\"echo.*\"]\nendpoint = {{ url = \"{url}\" }}\n"));
    }
    let names = Names::default().with("inside.example", &["10.1.2.3"]);
    let host = builder(&toml).names(names).start().await;
    emit(&host, "c1", &json!(1)).await;
    for (name, url, expected) in &table {
        let delivery = host.until_failed(name, 1).await;
        assert_eq!((code(&delivery), delivery.standing.state), (*expected, DeliveryState::Pending), "{name}: {url}");
    }
}

#[tokio::test]
async fn an_answer_counts_once_its_head_is_there() {
    let receiver = Receiver::start().await;
    let table = [("within", Answer::CloseWithin), ("endless", Answer::Trickle), ("long", Answer::Bytes(1 << 20))];
    let mut toml = String::new();
    for (name, answer) in &table {
        receiver.answer(&format!("/{name}"), answer.clone());
        toml.push_str(&to(name, &receiver, &format!("/{name}")));
    }
    let host = builder(&toml).start().await;
    emit(&host, "c1", &json!(1)).await;
    receiver.until("/endless", 1).await;
    // As long as its body does not end, the endpoint's connection is not used again.
    host.until_asleep(host.clock.now().after(Duration::from_secs(30))).await;
    host.advance(Duration::from_secs(30));
    emit(&host, "c1", &json!(2)).await;
    for (name, _) in &table {
        receiver.until(&format!("/{name}"), 2).await;
        assert!(host.deliveries(name).await.is_empty(), "{name}: it was delivered at once");
    }
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_has_thirty_seconds() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Hang);
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    emit(&host, "c1", &json!(1)).await;
    receiver.until("/hook", 1).await;
    let limit = host.clock.now().after(Duration::from_secs(30));
    host.until_asleep(limit).await;
    host.advance(Duration::from_secs(30));
    let delivery = host.until_failed("crm", 1).await;
    assert_eq!((code(&delivery), delivery.standing.history[0].took_ms), ("timeout", 30_000));
    receiver.until_idle().await;
}

#[tokio::test]
async fn an_answer_after_thirty_one_seconds_comes_too_late() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Late);
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    emit(&host, "c1", &json!(1)).await;
    let first = receiver.until("/hook", 1).await.remove(0);
    host.until_asleep(host.clock.now().after(Duration::from_secs(30))).await;
    host.advance(Duration::from_secs(31));
    receiver.release();
    let delivery = host.until_failed("crm", 1).await;
    assert_eq!((code(&delivery), delivery.standing.state), ("timeout", DeliveryState::Pending));
    receiver.answer("/hook", Answer::Status(200));
    host.advance(Duration::from_secs(5));
    let second = receiver.until("/hook", 2).await.remove(1);
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"), "its receiver can tell that it has it");
    let delivery = host.until_delivery("crm", |delivery| delivery.standing.state == DeliveryState::Delivered).await;
    assert_eq!(delivery.standing.attempts, 2);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_asked_no_more_until_it_is_resumed() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Status(410));
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    emit(&host, "c1", &json!(1)).await;
    host.until_paused("crm").await;
    let view = view(&host, "crm").await;
    assert_eq!((view["state"].as_str(), view["paused"]["code"].as_str()), (Some("paused"), Some("gone")), "{view}");
    let told = host.host_events("hookyard.endpoint.paused").await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0]["subject"].as_str(), told[0]["data"]["code"].as_str()), (Some("crm"), Some("gone")));
    emit(&host, "c2", &json!(2)).await;
    host.advance(Duration::from_secs(24 * 60 * 60));
    receiver.answer("/hook", Answer::Status(200));
    assert_eq!(receiver.count(), 1, "nothing is sent meanwhile");
    tell(&host, "crm", "resume", &json!({})).await;
    let delivered = receiver.until("/hook", 3).await;
    let mut subjects: Vec<_> = delivered[1..].iter().map(|delivered| delivered.event()["subject"].clone()).collect();
    subjects.sort_by_key(ToString::to_string);
    assert_eq!(subjects, [json!("c1"), json!("c2")], "nothing is lost");
}

#[tokio::test]
async fn it_is_tried_ten_times_by_the_schedule_and_then_given_up() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Status(500));
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    emit(&host, "c1", &json!(1)).await;
    let hour = 60 * 60;
    let waits = [5, 5 * 60, 30 * 60, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
    for (attempt, seconds) in (1..).zip(waits) {
        let delivery = host.until_failed("crm", attempt).await;
        assert_eq!(wait(&host, &delivery), seconds, "after attempt {attempt}");
        // The wait has a part of a millisecond more than whole seconds.
        host.advance(Duration::from_secs(seconds.unsigned_abs()) + Duration::from_millis(1));
    }
    let delivery = host.until_failed("crm", 10).await;
    assert_eq!((delivery.standing.state, receiver.count()), (DeliveryState::Exhausted, 10));
    let ids: std::collections::BTreeSet<_> =
        receiver.delivered().iter().map(|delivered| delivered.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 1, "one id over all attempts");
    let told = host.host_events("hookyard.delivery.exhausted").await;
    assert_eq!(told.len(), 1);
    let data = &told[0]["data"];
    assert_eq!((told[0]["subject"].as_str(), data["code"].as_str()), (Some("crm"), Some("http-500")));
    assert_eq!(data["delivery"].as_str(), Some(delivery.id.to_string().as_str()));
    assert_eq!((data["attempts"].as_u64(), data["type"].as_str()), (Some(10), Some("echo.any.heard")));
}

#[tokio::test]
async fn an_endpoint_that_fails_for_too_long_is_paused() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Status(503));
    let toml = format!("[deliveries]\npause_after_hours = 1\n{}", to("crm", &receiver, "/hook"));
    let host = builder(&toml).start().await;
    emit(&host, "c1", &json!(1)).await;
    for (attempt, seconds) in [(1, 5), (2, 300), (3, 1_800), (4, 7_200)] {
        host.until_failed("crm", attempt).await;
        host.advance(Duration::from_secs(seconds) + Duration::from_millis(1));
    }
    let position = host.until_paused("crm").await;
    assert_eq!(position.paused.expect("it is").reason.code, "failing");
    let told = host.host_events("hookyard.endpoint.paused").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["data"]["subscription"].as_str(), Some("crm"));
    assert_eq!(receiver.count(), 5);
}
