//! A slow or dead endpoint is its own misfortune.

use std::time::Duration;

use hookyard_domain::clock::Clock as _;
use hookyard_tests::receiver::{Answer, Receiver};
use serde_json::json;

use super::{builder, emit, subjects, to, with};

#[tokio::test]
async fn an_endpoint_that_hangs_holds_up_neither_others_nor_what_comes_in() {
    let receiver = Receiver::start().await;
    receiver.answer("/dead", Answer::Hang);
    let host = builder(&(to("dead", &receiver, "/dead") + &to("alive", &receiver, "/alive"))).start().await;
    let expected: Vec<_> = (0..300).map(|number| format!("c{number}")).collect();
    for subject in &expected {
        emit(&host, subject, &json!(1)).await;
    }
    receiver.until("/alive", expected.len()).await;
    let mut arrived = subjects(&receiver, "/alive");
    arrived.sort_by_key(|subject| subject[1..].parse::<u32>().expect("a number"));
    assert_eq!(arrived, expected, "each once");
    assert_eq!(receiver.delivered_to("/dead").len(), 8, "as many as it may have in flight");
}

#[tokio::test]
async fn an_endpoint_has_no_more_in_flight_than_it_may() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Late);
    let host = builder(&with("crm", &receiver, "/hook", "", ", max_in_flight = 2")).start().await;
    for subject in ["a", "b", "c", "d"] {
        emit(&host, subject, &json!(1)).await;
    }
    receiver.until("/hook", 2).await;
    assert_eq!(receiver.delivered_to("/hook").len(), 2);
    receiver.answer("/hook", Answer::Status(200));
    receiver.release();
    receiver.until("/hook", 4).await;
}

#[tokio::test]
async fn a_retry_after_holds_all_that_goes_to_the_endpoint() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::RetryAfter(429, "60".to_owned()));
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    emit(&host, "a", &json!(1)).await;
    host.until_failed("crm", 1).await;
    receiver.answer("/hook", Answer::Status(200));
    emit(&host, "b", &json!(2)).await;
    host.until_asleep(host.clock.now().after(Duration::from_secs(60))).await;
    assert_eq!(receiver.count(), 1, "the second waits as well");
    host.advance(Duration::from_secs(60) + Duration::from_millis(1));
    receiver.until("/hook", 3).await;
}

#[tokio::test]
async fn events_of_one_subject_arrive_one_after_the_other() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Late);
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    for number in 0..3 {
        emit(&host, "same", &json!(number)).await;
    }
    emit(&host, "other", &json!(9)).await;
    receiver.until("/hook", 2).await;
    assert_eq!(subjects(&receiver, "/hook"), ["same", "other"]);
    receiver.answer("/hook", Answer::Status(200));
    receiver.release();
    let delivered = receiver.until("/hook", 4).await;
    let same = delivered.iter().map(|delivered| delivered.event()).filter(|event| event["subject"] == "same");
    assert_eq!(same.map(|event| event["data"].clone()).collect::<Vec<_>>(), [json!(0), json!(1), json!(2)]);
}

#[tokio::test]
async fn a_subscription_that_is_ordered_waits_for_the_first_of_a_subject() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Status(500));
    let host = builder(&with("crm", &receiver, "/hook", "ordered = true", "")).start().await;
    emit(&host, "same", &json!(0)).await;
    let first = host.until_failed("crm", 1).await;
    receiver.answer("/hook", Answer::Status(200));
    emit(&host, "same", &json!(1)).await;
    emit(&host, "other", &json!(2)).await;
    let delivered = receiver.until("/hook", 2).await;
    assert_eq!(delivered[1].event()["subject"], "other", "another subject does not wait");
    // The success of the other makes what waits for a time due at once.
    let delivered = receiver.until("/hook", 4).await;
    let same: Vec<_> =
        delivered.iter().map(|delivered| delivered.event()).filter(|event| event["subject"] == "same").collect();
    assert_eq!(same.iter().map(|event| event["data"].clone()).collect::<Vec<_>>(), [json!(0), json!(0), json!(1)]);
    assert_eq!(same[1]["id"].as_str(), Some(first.event.to_string().as_str()));
}
