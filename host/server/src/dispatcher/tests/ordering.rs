//! How many attempts at a time, and in which order.

use std::time::Duration;

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::event::Offset;
use hookyard_domain::limit;
use hookyard_domain::subscription::{Endpoint, Subscription, UrlEndpoint};

use super::world::*;

#[tokio::test]
async fn no_more_attempts_go_on_at_a_time_than_set_and_of_one_subject_only_one() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let hanging = world.endpoints.hangs("crm");
    for subject in ["a", "a", "b", "c", "d", "e"] {
        world.emit(subject).await;
    }
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 3, 4, 5]);
    assert_eq!(dispatcher.status(&name("crm")).expect("is there").in_flight, 4);
    hanging.add_permits(100);
    settled().await;
    assert_eq!(world.endpoints.most_in_flight("crm"), 4);
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(6));
}

#[tokio::test]
async fn the_cursor_waits_for_the_oldest_that_goes_on() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let hanging = world.endpoints.hangs("crm");
    world.emit("a").await;
    settled().await;
    world.emit("b").await;
    settled().await;
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(0));
    hanging.add_permits(2);
    settled().await;
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(2));
}

#[tokio::test]
async fn in_an_ordered_subscription_one_that_is_tried_again_holds_those_of_its_subject() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, ordered("crm")).await;
    world.endpoints.of_subject("a", failed());
    for subject in ["a", "b", "a", "b"] {
        world.emit(subject).await;
    }
    settled().await;
    let mut tried = world.endpoints.tried("crm");
    tried.retain(|offset| [1, 3].contains(offset));
    // The endpoint is not dead, so that the first one may be tried once more before its time.
    assert!(tried.iter().all(|offset| *offset == 1), "{tried:?}");
    assert_eq!(world.state("crm", 3).await, Some(DeliveryState::Pending));
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(4), "those that are held have rows");
    world.endpoints.of_subject("a", hookyard_domain::delivery::AttemptOutcome::Delivered { status: 200 });
    world.pass(Duration::from_secs(3_600)).await;
    let mut tried = world.endpoints.tried("crm");
    tried.retain(|offset| [1, 3].contains(offset));
    assert_eq!(tried.last(), Some(&3));
    assert_eq!(world.state("crm", 3).await, Some(DeliveryState::Delivered));
}

#[tokio::test]
async fn what_is_held_goes_on_when_the_first_is_given_up() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, ordered("crm")).await;
    let never = hookyard_domain::delivery::AttemptOutcome::Never { status: None, reason: reason("bad") };
    world.endpoints.answers("crm", [failed(), never]);
    world.emit("a").await;
    settled().await;
    world.emit("a").await;
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1]);
    world.pass(Duration::from_secs(7)).await;
    assert_eq!(world.endpoints.tried("crm"), [1, 1, 2]);
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Exhausted));
    assert_eq!(world.state("crm", 2).await, Some(DeliveryState::Delivered));
}

#[tokio::test]
async fn events_without_a_subject_wait_for_each_other_only_where_it_is_ordered() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("free")).await;
    world.subscribe(&dispatcher, ordered("line")).await;
    let _never = (world.endpoints.hangs("free"), world.endpoints.hangs("line"));
    for _ in 0..3 {
        world.append(world.event("shipment.updated", None)).await;
    }
    settled().await;
    assert_eq!(world.endpoints.tried("free"), [1, 2, 3]);
    assert_eq!(world.endpoints.tried("line"), [1]);
}

#[tokio::test]
async fn no_more_begin_within_a_second_than_set() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    let url = "https://receiver.example/".parse().expect("valid");
    let endpoint = Endpoint::Url(UrlEndpoint { url, headers: Vec::new(), max_in_flight: 4, max_per_second: Some(2) });
    world.subscribe(&dispatcher, Subscription { endpoint, ..to_url("crm") }).await;
    for subject in ["a", "b", "c", "d", "e"] {
        world.emit(subject).await;
    }
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 2]);
    world.pass(Duration::from_millis(999)).await;
    assert_eq!(world.endpoints.tried("crm"), [1, 2]);
    world.pass(Duration::from_millis(1)).await;
    assert_eq!(world.endpoints.tried("crm"), [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_subject_that_comes_too_often_waits_and_others_pass_it() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    let mut flow = to_action("flow");
    if let Endpoint::Action(action) = &mut flow.endpoint {
        action.max_per_minute_and_subject = 2;
    }
    world.subscribe(&dispatcher, flow).await;
    for subject in ["a", "a", "a", "b"] {
        world.emit(subject).await;
        settled().await;
    }
    assert_eq!(world.endpoints.tried("flow"), [1, 2, 4]);
    assert_eq!(world.position(&name("flow")).await.cursor, Offset(2), "it has no row, and is not passed");
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(world.endpoints.tried("flow"), [1, 2, 4, 3]);
    assert_eq!(world.position(&name("flow")).await.cursor, Offset(4));
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_up_nobody_else() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("dead")).await;
    world.subscribe(&dispatcher, to_url("well")).await;
    let _hanging = world.endpoints.hangs("dead");
    let count = 2 * limit::DELIVERY_FEED_MAX + limit::DELIVERY_WAITING_MAX;
    for number in 0..count {
        world.emit(&number.to_string()).await;
        if number % 16 == 0 {
            settled().await;
        }
    }
    for _ in 0..count / 16 {
        settled().await;
    }
    assert_eq!(world.endpoints.tried("well").len(), count);
    assert_eq!(world.endpoints.tried("dead").len(), 4);
}
