//! What operators do.

use futures_util::FutureExt as _;
use hookyard_domain::delivery::{AttemptOutcome, DeliveryFilter, DeliveryState};
use hookyard_domain::event::Offset;

use super::super::DispatchError;
use super::world::*;

#[tokio::test]
async fn what_is_paused_delivers_nothing_until_it_is_resumed() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    dispatcher.pause(&name("crm")).await.expect("it is there");
    assert_eq!(world.position(&name("crm")).await.paused.expect("durable").reason.code, "operator");
    world.emit("a").await;
    settled().await;
    assert!(world.endpoints.made().is_empty());
    dispatcher.resume(&name("crm")).await.expect("it is there");
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1]);
    assert_eq!(world.position(&name("crm")).await.paused, None);
    assert!(matches!(dispatcher.pause(&name("none")).await, Err(DispatchError::NotThere)));
}

#[tokio::test]
async fn a_pause_outlives_the_host() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    dispatcher.pause(&name("crm")).await.expect("it is there");
    dispatcher.stop().await;
    world.emit("a").await;
    let dispatcher = world.dispatcher();
    world.go_on(&dispatcher, to_url("crm")).await;
    settled().await;
    assert!(world.endpoints.made().is_empty());
    assert!(dispatcher.status(&name("crm")).expect("is there").position.paused.is_some());
}

#[tokio::test]
async fn a_replay_delivers_again_what_comes_after_and_with_another_key() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.answers("crm", [AttemptOutcome::Never { status: None, reason: reason("bad") }]);
    for subject in ["a", "b", "c"] {
        world.emit(subject).await;
        settled().await;
    }
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Exhausted));
    // The host's event that tells of it is the second.
    let newest = *hookyard_store::Ledger::newest(&*world.store).borrow();
    let before = world.endpoints.made();
    dispatcher.replay(&name("crm"), Offset::START).await.expect("it is there");
    assert_eq!(world.row("crm", 1).await, None, "it is forgotten");
    assert_eq!(world.position(&name("crm")).await.replays, 1);
    settled().await;
    let made = world.endpoints.made();
    let offsets = |made: &[Made]| made.iter().map(|made| made.offset).collect::<Vec<_>>();
    assert_eq!(offsets(&made[before.len()..]), offsets(&before));
    assert!(made[before.len()..].iter().zip(&before).all(|(again, first)| again.key != first.key));
    let beyond = Offset(newest.0 + 1);
    assert!(matches!(dispatcher.replay(&name("crm"), beyond).await, Err(DispatchError::BeyondLog { .. })));
}

#[tokio::test]
async fn a_replay_waits_for_what_goes_on_and_one_to_the_end_leaves_the_rest_out() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let hanging = world.endpoints.hangs("crm");
    for subject in ["a", "a", "a"] {
        world.emit(subject).await;
    }
    settled().await;
    let id = name("crm");
    let mut replay = Box::pin(dispatcher.replay(&id, Offset(3)));
    assert!(replay.as_mut().now_or_never().is_none());
    settled().await;
    assert!(replay.as_mut().now_or_never().is_none(), "the first attempt goes on");
    hanging.add_permits(100);
    replay.await.expect("it is there");
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1]);
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(3));
}

#[tokio::test]
async fn a_delivery_is_tried_again_by_hand_whatever_became_of_it() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.answers("crm", [AttemptOutcome::Never { status: None, reason: reason("outcome-unknown") }]);
    world.emit("a").await;
    settled().await;
    let row = world.row("crm", 1).await.expect("it was given up");
    let retried = dispatcher.retry(row.id).await.expect("the store works").expect("it is there");
    assert_eq!((retried.id, retried.standing.state), (row.id, DeliveryState::Pending));
    settled().await;
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Delivered));
    let made = world.endpoints.made();
    assert_ne!(made[0].key, made[1].key, "the operator wants the call made anew");
    dispatcher.retry(row.id).await.expect("the store works").expect("also what was delivered");
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 1, 1]);
    let other = hookyard_domain::id::DeliveryId::from_bytes([9; 16]);
    assert!(dispatcher.retry(other).await.expect("the store works").is_none());
}

#[tokio::test]
async fn one_that_is_being_tried_is_tried_again_after_that() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.answers("crm", [AttemptOutcome::Never { status: None, reason: reason("bad") }]);
    world.emit("a").await;
    settled().await;
    let id = world.row("crm", 1).await.expect("it was given up").id;
    let hanging = world.endpoints.hangs("crm");
    dispatcher.retry(id).await.expect("the store works").expect("it is there");
    settled().await;
    let mut again = Box::pin(dispatcher.retry(id));
    assert!(again.as_mut().now_or_never().is_none());
    hanging.add_permits(1);
    let again = again.await.expect("the store works").expect("it is there");
    assert_eq!(again.standing.retries, 2);
    hanging.add_permits(1);
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 1, 1]);
}

#[tokio::test]
async fn all_that_was_given_up_is_tried_again_and_nothing_else() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    for id in ["one", "other"] {
        world.subscribe(&dispatcher, to_url(id)).await;
        world.endpoints.always(id, AttemptOutcome::Never { status: None, reason: reason("bad") });
    }
    for number in 0..150 {
        world.emit(&number.to_string()).await;
        settled().await;
    }
    let filter = DeliveryFilter {
        subscriptions: vec![name("one")],
        states: vec![DeliveryState::Exhausted],
        ..DeliveryFilter::default()
    };
    world.endpoints.answers("one", []);
    assert_eq!(dispatcher.retry_all(&filter).await.expect("the store works"), 150);
    for _ in 0..10 {
        settled().await;
    }
    assert_eq!(world.endpoints.tried("one").len(), 300);
    assert_eq!(world.endpoints.tried("other").len(), 150);
    assert_eq!(dispatcher.retry_all(&filter).await.expect("the store works"), 0);
}

#[tokio::test]
async fn one_that_is_removed_ends_with_its_books_in_order_and_may_come_back() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let hanging = world.endpoints.hangs("crm");
    world.emit("a").await;
    settled().await;
    let id = name("crm");
    let mut removal = Box::pin(dispatcher.remove(&id));
    assert!(removal.as_mut().now_or_never().is_none());
    world.emit("b").await;
    settled().await;
    assert!(removal.as_mut().now_or_never().is_none());
    hanging.add_permits(100);
    removal.await;
    assert!(dispatcher.status(&id).is_none());
    assert_eq!(world.position(&id).await.cursor, Offset(1));
    world.go_on(&dispatcher, to_url("crm")).await;
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 2]);
}

#[tokio::test]
async fn the_end_waits_for_what_goes_on_and_writes_it_down() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let hanging = world.endpoints.hangs("crm");
    world.endpoints.answers("crm", [failed()]);
    for subject in ["a", "a", "b"] {
        world.emit(subject).await;
    }
    settled().await;
    let mut stop = Box::pin(dispatcher.stop());
    assert!(stop.as_mut().now_or_never().is_none());
    hanging.add_permits(100);
    stop.await;
    assert_eq!(world.endpoints.tried("crm"), [1, 3]);
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Pending));
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(1), "the second was not tried");
    let again = world.dispatcher();
    world.go_on(&again, to_url("crm")).await;
    settled().await;
    let mut tried = world.endpoints.tried("crm");
    tried.sort_unstable();
    assert_eq!(tried[..4], [1, 1, 2, 3], "{tried:?}");
}
