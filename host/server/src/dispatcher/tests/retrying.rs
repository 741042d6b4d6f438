//! What fails is tried again, and nothing is forgotten.

use std::time::Duration;

use hookyard_domain::delivery::{AttemptOutcome, DeliveryState};
use hookyard_domain::event::Offset;
use hookyard_domain::subscription::Subscription;

use super::world::*;

#[tokio::test]
async fn what_succeeds_at_once_leaves_nothing_but_the_cursor() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    for subject in ["a", "b", "c"] {
        world.emit(subject).await;
    }
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 2, 3]);
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(3));
    assert_eq!(world.row("crm", 1).await, None);
    assert!(world.sleep.sleeping_until().is_empty(), "nobody waits for a time");
}

#[tokio::test]
async fn what_fails_is_tried_again_when_it_is_time_and_is_then_listed_as_delivered() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.answers("crm", [failed()]);
    world.emit("a").await;
    settled().await;
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Pending));
    let status = dispatcher.status(&name("crm")).expect("it is there");
    assert_eq!((status.pending, status.last_error.map(|(_, reason)| reason.code)), (1, Some("http-500".to_owned())));
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(1), "it has a row");
    world.pass(Duration::from_secs(3)).await;
    assert_eq!(world.endpoints.tried("crm"), [1]);
    world.pass(Duration::from_secs(3)).await;
    assert_eq!(world.endpoints.tried("crm"), [1, 1]);
    let row = world.row("crm", 1).await.expect("it is listed");
    assert_eq!((row.standing.state, row.standing.history.len()), (DeliveryState::Delivered, 2));
    let keys: Vec<_> = world.endpoints.made().into_iter().map(|made| made.key).collect();
    assert_eq!(keys[0], keys[1], "an attempt is the same call");
}

#[tokio::test]
async fn what_is_given_up_is_told_once_and_not_to_itself() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    let all = |id: &str| {
        let mut all = to_url(id);
        all.filter.types.clear();
        all
    };
    world.subscribe(&dispatcher, all("crm")).await;
    world.subscribe(&dispatcher, all("ops")).await;
    let never = AttemptOutcome::Never { status: None, reason: reason("loop") };
    world.endpoints.answers("crm", [never]);
    world.emit("a").await;
    settled().await;
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Exhausted));
    let told = world.told("delivery.exhausted").await;
    assert_eq!((told.len(), told[0].subject.as_deref(), told[0].hops), (1, Some("crm"), 1));
    assert!(told[0].data.get().contains("\"code\":\"loop\""), "{}", told[0].data);
    assert_eq!((world.endpoints.tried("crm"), world.endpoints.tried("ops")), (vec![1], vec![1, 2]));
    assert_eq!(world.position(&name("crm")).await.failing_since, None, "that says nothing of the endpoint");
}

#[tokio::test]
async fn of_what_tells_that_something_was_given_up_no_event_tells_that_it_was_given_up() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    let all = ["one", "two", "three", "four"];
    for id in all {
        let mut subscription = to_url(id);
        subscription.filter.types.clear();
        world.subscribe(&dispatcher, subscription).await;
        world.endpoints.always(id, AttemptOutcome::Never { status: None, reason: reason("mapping-failed") });
    }
    world.emit("a").await;
    for _ in 0..10 {
        settled().await;
    }
    assert_eq!(world.told("delivery.exhausted").await.len(), all.len(), "one of each, and none of these");
    assert_eq!(
        world.endpoints.made().len(),
        all.len() * all.len(),
        "each gets the event and what is told of the others"
    );
    assert_eq!(
        world.state("one", 3).await.or(world.state("two", 3).await),
        Some(DeliveryState::Exhausted),
        "they are listed"
    );
}

#[tokio::test]
async fn an_endpoint_that_is_back_gets_what_it_missed_in_the_order_of_the_log() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.answers("crm", [failed(), failed(), failed()]);
    for subject in ["a", "b", "c"] {
        world.emit(subject).await;
    }
    settled().await;
    let begun = world.endpoints.tried("crm").len();
    assert_eq!(begun, 3);
    world.emit("d").await;
    settled().await;
    assert_eq!(world.endpoints.tried("crm")[begun..], [4, 1, 2, 3]);
    assert_eq!(world.position(&name("crm")).await.failing_since, None);
    assert_eq!(dispatcher.status(&name("crm")).expect("is there").pending, 0);
}

#[tokio::test]
async fn an_event_that_always_fails_is_not_tried_anew_after_every_success_of_others() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.of_subject("bad", failed());
    world.emit("bad").await;
    for number in 0..50 {
        world.emit(&format!("good{number}")).await;
        settled().await;
    }
    let tries = world.endpoints.tried("crm").into_iter().filter(|offset| *offset == 1).count();
    assert!(tries <= 2, "{tries}");
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Pending));
}

#[tokio::test]
async fn retry_after_holds_the_whole_endpoint() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.answers("crm", [busy(600)]);
    world.emit("a").await;
    settled().await;
    world.emit("b").await;
    world.pass(Duration::from_secs(599)).await;
    assert_eq!(world.endpoints.tried("crm"), [1]);
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(1));
    world.pass(Duration::from_secs(1)).await;
    let mut tried = world.endpoints.tried("crm");
    tried.sort_unstable();
    assert_eq!(tried, [1, 1, 2]);
}

#[tokio::test]
async fn an_endpoint_that_fails_for_too_long_is_paused_and_that_is_told() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.always("crm", failed());
    world.emit("a").await;
    settled().await;
    world.clock.advance(PAUSE_AFTER);
    world.sleep.wake();
    world.emit("b").await;
    settled().await;
    let position = world.position(&name("crm")).await;
    assert_eq!(position.paused.expect("it is paused").reason.code, "failing");
    let told = world.told("endpoint.paused").await;
    assert_eq!((told.len(), told[0].subject.as_deref()), (1, Some("crm")));
    let before = world.endpoints.tried("crm").len();
    let c = world.emit("c").await;
    world.pass(Duration::from_secs(3_600)).await;
    assert_eq!(world.endpoints.tried("crm").len(), before, "nothing is tried");
    assert!(world.sleep.sleeping_until().is_empty(), "and nobody waits for it");
    world.endpoints.answers("crm", []);
    dispatcher.resume(&name("crm")).await.expect("it is there");
    settled().await;
    let position = world.position(&name("crm")).await;
    // The event that tells of the pause is the third; it passes that one.
    assert_eq!((position.paused, position.failing_since, position.cursor), (None, None, Offset(c)));
    assert_eq!(dispatcher.status(&name("crm")).expect("is there").pending, 0);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_paused_at_once_and_its_event_stays() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    world.endpoints.answers("crm", [AttemptOutcome::Gone(reason("http-410"))]);
    world.emit("a").await;
    settled().await;
    assert_eq!(world.position(&name("crm")).await.paused.expect("it is paused").reason.code, "gone");
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Pending));
    assert_eq!(world.told("endpoint.paused").await.len(), 1);
    dispatcher.resume(&name("crm")).await.expect("it is there");
    settled().await;
    assert_eq!(world.state("crm", 1).await, Some(DeliveryState::Delivered));
}

#[tokio::test]
async fn refused_credentials_wait_for_the_next_activation_of_their_connection() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_action("flow")).await;
    world.endpoints.answers("flow", [AttemptOutcome::Unauthorized(reason("unauthorized"))]);
    world.emit("a").await;
    settled().await;
    world.emit("b").await;
    world.pass(Duration::from_secs(86_400)).await;
    assert_eq!(world.endpoints.tried("flow"), [1]);
    dispatcher.activated(&"other".parse().expect("valid"));
    settled().await;
    assert_eq!(world.endpoints.tried("flow"), [1]);
    dispatcher.activated(&"crm".parse().expect("valid"));
    settled().await;
    let mut tried = world.endpoints.tried("flow");
    tried.sort_unstable();
    assert_eq!(tried, [1, 1, 2]);
}

#[tokio::test]
async fn an_activation_while_credentials_are_being_refused_is_not_missed() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_action("flow")).await;
    let hanging = world.endpoints.hangs("flow");
    world.endpoints.answers("flow", [AttemptOutcome::Unauthorized(reason("unauthorized"))]);
    world.emit("a").await;
    settled().await;
    dispatcher.activated(&"crm".parse().expect("valid"));
    hanging.add_permits(2);
    settled().await;
    assert_eq!(world.endpoints.tried("flow"), [1, 1]);
    assert_eq!(world.state("flow", 1).await, Some(DeliveryState::Delivered));
}

#[tokio::test]
async fn a_when_that_cannot_be_judged_gives_the_event_up() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, Subscription { when: Some("mapping fails".into()), ..to_url("crm") }).await;
    world.emit("bad").await;
    world.emit("good").await;
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [2]);
    let row = world.row("crm", 1).await.expect("it is listed");
    assert_eq!(row.standing.error().map(|error| error.code.as_str()), Some("mapping-failed"));
    assert_eq!(row.standing.state, DeliveryState::Exhausted);
}
