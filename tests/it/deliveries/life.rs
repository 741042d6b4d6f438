//! Deliveries outlive the host, and an endpoint that is back gets what it has missed.

use std::time::Duration;

use hookyard_domain::delivery::DeliveryState;
use hookyard_tests::receiver::{Answer, Receiver};
use serde_json::json;

use super::{builder, emit, subjects, to};

#[tokio::test]
async fn an_endpoint_that_is_back_gets_at_once_what_it_has_missed() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Status(503));
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    for subject in ["a", "b", "c"] {
        emit(&host, subject, &json!(1)).await;
    }
    receiver.until("/hook", 3).await;
    while host.deliveries("crm").await.len() < 3 {
        tokio::task::yield_now().await;
    }
    receiver.answer("/hook", Answer::Status(200));
    emit(&host, "d", &json!(1)).await;
    receiver.until("/hook", 7).await;
    let mut arrived = subjects(&receiver, "/hook").split_off(4);
    arrived.sort();
    assert_eq!(arrived, ["a", "b", "c"], "although none of them is due by the schedule");
}

#[tokio::test]
async fn a_restart_loses_nothing_and_repeats_nothing() {
    let receiver = Receiver::start().await;
    let mut host = builder(&to("crm", &receiver, "/hook")).start().await;
    emit(&host, "a", &json!(1)).await;
    receiver.until("/hook", 1).await;
    receiver.answer("/hook", Answer::Status(500));
    emit(&host, "b", &json!(2)).await;
    host.until_failed("crm", 1).await;
    receiver.answer("/hook", Answer::Status(200));
    host.restart().await;
    emit(&host, "c", &json!(3)).await;
    receiver.until("/hook", 3).await;
    host.advance(Duration::from_secs(6));
    receiver.until("/hook", 4).await;
    let delivery = host.until_delivery("crm", |delivery| delivery.standing.state == DeliveryState::Delivered).await;
    assert_eq!(delivery.standing.attempts, 2);
    assert_eq!(subjects(&receiver, "/hook"), ["a", "b", "c", "b"]);
}

#[tokio::test]
async fn what_came_while_a_subscription_was_out_of_the_file_is_delivered_when_it_is_back() {
    let receiver = Receiver::start().await;
    let subscription = to("crm", &receiver, "/hook");
    let base = "[egress]\nprivate_addresses = [\"127.0.0.1/32\"]\n\
                [connections.bot]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }\n";
    let host = builder(&subscription).start().await;
    emit(&host, "a", &json!(1)).await;
    receiver.until("/hook", 1).await;
    host.reload(base).await.expect("the file is right");
    emit(&host, "b", &json!(2)).await;
    assert_eq!(receiver.count(), 1);
    host.reload(&format!("{base}{subscription}")).await.expect("the file is right");
    receiver.until("/hook", 2).await;
    assert_eq!(subjects(&receiver, "/hook"), ["a", "b"]);
}
