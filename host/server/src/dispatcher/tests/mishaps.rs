//! What goes wrong in the host itself, or around it.

use std::time::Duration;

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::event::Offset;
use hookyard_domain::limit;
use hookyard_domain::subscription::Subscription;

use super::world::*;

#[tokio::test]
async fn a_worker_that_panics_begins_anew_and_loses_nothing() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, Subscription { when: Some("panics once".into()), ..to_url("crm") }).await;
    world.endpoints.answers("crm", [failed()]);
    world.emit("a").await;
    settled().await;
    for subject in ["b", "bad", "c"] {
        world.emit(subject).await;
    }
    settled().await;
    world.pass(limit::TRY_AGAIN_AFTER).await;
    let mut tried = world.endpoints.tried("crm");
    tried.sort_unstable();
    tried.dedup();
    assert_eq!(tried, [1, 2, 3, 4]);
    assert_eq!(
        world.state("crm", 1).await,
        Some(DeliveryState::Delivered),
        "what was written down is known to the next one"
    );
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(4));
    dispatcher.pause(&name("crm")).await.expect("it does what operators want");
}

#[tokio::test]
async fn one_that_is_deleted_does_not_wait_for_an_endpoint_that_hangs() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.emit("a").await;
    settled().await;
    let hanging = world.endpoints.hangs("crm");
    world.emit("b").await;
    settled().await;
    let position = dispatcher.discard(&name("crm")).await.expect("it was there");
    assert_eq!(position.cursor, Offset(1));
    assert!(dispatcher.status(&name("crm")).is_none());
    hanging.add_permits(100);
    dispatcher.put_back(active(to_url("crm")), position);
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 2, 2], "what was given up is made again");
    assert_eq!(dispatcher.discard(&name("none")).await, None);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_taken_away_waits_only_so_long_for_an_endpoint_that_hangs() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let _hanging = world.endpoints.hangs("crm");
    world.emit("a").await;
    settled().await;
    dispatcher.remove(&name("crm")).await;
    assert!(dispatcher.status(&name("crm")).is_none());
    assert_eq!(
        world.position(&name("crm")).await.cursor,
        Offset::START,
        "it was not delivered, as far as anybody knows"
    );
}

#[tokio::test]
async fn one_that_is_put_back_begins_where_the_store_says() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let old = world.position(&name("crm")).await;
    world.emit("a").await;
    settled().await;
    dispatcher.pause(&name("crm")).await.expect("it is there");
    dispatcher.discard(&name("crm")).await.expect("it was there");
    world.store.set_broken(true);
    dispatcher.put_back(active(to_url("crm")), old);
    settled().await;
    world.store.set_broken(false);
    world.emit("b").await;
    world.pass(limit::TRY_AGAIN_AFTER).await;
    let position = dispatcher.status(&name("crm")).expect("it is there").position;
    assert_eq!((position.cursor, position.paused.is_some()), (Offset(1), true));
    assert_eq!(world.endpoints.tried("crm"), [1]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_up_nothing() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.answers("crm", [busy(600)]);
    world.emit("a").await;
    settled().await;
    world.clock.set_back(Duration::from_secs(86_400));
    world.emit("b").await;
    settled().await;
    let mut tried = world.endpoints.tried("crm");
    tried.sort_unstable();
    assert_eq!(tried, [1, 1, 2]);
}

#[tokio::test]
async fn several_events_that_always_fail_do_not_make_each_other_come_again() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let bad: Vec<_> = (0..2 * limit::OUTAGE_FAILURES).map(|number| format!("bad{number}")).collect();
    for subject in &bad {
        world.endpoints.of_subject(subject, failed());
        world.emit(subject).await;
    }
    for number in 0..50 {
        world.emit(&format!("good{number}")).await;
        settled().await;
    }
    for offset in 1..=bad.len() as u64 {
        let tries = world.endpoints.tried("crm").into_iter().filter(|tried| *tried == offset).count();
        assert!(tries <= 3, "{offset} was tried {tries} times");
        assert_eq!(world.state("crm", offset).await, Some(DeliveryState::Pending));
    }
}
