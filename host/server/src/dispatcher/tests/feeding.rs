//! Who gets which events.

use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::limit;
use hookyard_domain::subscription::Subscription;

use super::world::*;

fn of_types(id: &str, types: &[&str]) -> Subscription {
    let types = types.iter().map(ToString::to_string).collect();
    Subscription { filter: EventFilter { types, ..EventFilter::default() }, ..to_url(id) }
}

#[tokio::test]
async fn each_gets_what_its_filter_and_its_when_let_pass_and_nothing_twice() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, of_types("all", &[])).await;
    world.subscribe(&dispatcher, of_types("whole", &["aftership.b"])).await;
    world.subscribe(&dispatcher, of_types("several", &["aftership.b", "aftership.*", "*"])).await;
    world.subscribe(&dispatcher, of_types("none", &["selarti.*"])).await;
    let mut of_subject = of_types("subject", &[]);
    of_subject.filter.subjects = vec!["s2".into()];
    world.subscribe(&dispatcher, of_subject).await;
    let mut of_other = of_types("other-connection", &[]);
    of_other.filter.connections = vec!["shop2".parse().expect("valid")];
    world.subscribe(&dispatcher, of_other).await;
    world.subscribe(&dispatcher, Subscription { when: Some("s1".into()), ..of_types("when", &[]) }).await;
    world.append(world.event("a", Some("s1"))).await;
    world.append(world.event("b", Some("s2"))).await;
    settled().await;
    let expected: [(&str, &[u64]); 7] = [
        ("all", &[1, 2]),
        ("whole", &[2]),
        ("several", &[1, 2]),
        ("none", &[]),
        ("subject", &[2]),
        ("other-connection", &[]),
        ("when", &[1]),
    ];
    for (id, offsets) in expected {
        assert_eq!(world.endpoints.tried(id), offsets, "{id}");
        assert_eq!(dispatcher.status(&name(id)).expect("is there").position.cursor, Offset(2), "{id}");
    }
}

#[tokio::test]
async fn a_subscription_that_matches_nothing_writes_nothing_until_the_end() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, of_types("none", &["selarti.*"])).await;
    for _ in 0..10 {
        world.emit("a").await;
    }
    settled().await;
    assert_eq!(world.position(&name("none")).await.cursor, Offset(0));
    dispatcher.stop().await;
    assert_eq!(world.position(&name("none")).await.cursor, Offset(10));
}

#[tokio::test]
async fn a_cursor_that_passes_only_what_does_not_match_is_written_from_time_to_time() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, of_types("none", &["selarti.*"])).await;
    for number in 0..limit::CURSOR_LAG_MAX + 500 {
        world.emit("a").await;
        if number % 200 == 0 {
            settled().await;
        }
    }
    settled().await;
    assert!(world.position(&name("none")).await.cursor >= Offset(limit::CURSOR_LAG_MAX));
}

#[tokio::test]
async fn a_new_definition_judges_what_was_not_tried_yet() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let hanging = world.endpoints.hangs("crm");
    for subject in ["x", "x", "x", "y"] {
        world.emit(subject).await;
        settled().await;
    }
    assert_eq!(world.endpoints.tried("crm"), [1, 4]);
    dispatcher
        .put(active(Subscription { when: Some("y".into()), ..to_url("crm") }), world.position(&name("crm")).await);
    settled().await;
    world.emit("x").await;
    world.emit("y").await;
    hanging.add_permits(100);
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 4, 6]);
    assert_eq!(dispatcher.status(&name("crm")).expect("is there").position.cursor, Offset(6));
}

#[tokio::test]
async fn one_that_is_disabled_gets_all_of_it_later() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, Subscription { enabled: false, ..to_url("crm") }).await;
    world.emit("a").await;
    world.emit("b").await;
    settled().await;
    assert!(world.endpoints.made().is_empty());
    world.go_on(&dispatcher, to_url("crm")).await;
    settled().await;
    assert_eq!(world.endpoints.tried("crm"), [1, 2]);
}
