use hookyard_domain::commit::Write;
use hookyard_domain::event::Offset;
use hookyard_domain::inbox::Reason;
use hookyard_domain::limit;
use hookyard_domain::subscription::{Paused, Position};

use super::deliveries::{delivery, given_up_at, subscribe, subscription_id};
use super::host::assert_closed;
use super::kept::at;
use super::world::World;
use crate::{SaveSubscriptionError, StoreError, SubscriptionRecord};

pub(crate) fn record(name: &str) -> SubscriptionRecord {
    SubscriptionRecord {
        id: subscription_id(name),
        definition: Some(vec![0, 255, 7]),
        secrets: Some(vec![9, 0]),
        created_at: at(1),
        updated_at: at(2),
    }
}

fn begins_at(name: &str, cursor: u64) -> Position {
    Position {
        subscription: subscription_id(name),
        cursor: Offset(cursor),
        replays: 0,
        failing_since: None,
        paused: None,
    }
}

fn advance(position: &Position) -> Write {
    Write::Advance(Box::new(position.clone()))
}

async fn positions(world: &World) -> Vec<Position> {
    world.store.positions().await.expect("reads")
}

pub(super) async fn a_subscription_is_read_back_as_it_was_saved(world: World) {
    let of_file = SubscriptionRecord { definition: None, secrets: None, ..record("b") };
    for record in [of_file.clone(), record("a")] {
        world.store.save_subscription(record, Offset(3)).await.expect("keeps");
    }
    assert_eq!(world.store.subscription_records().await.expect("reads"), [record("a"), of_file]);
    assert_eq!(positions(&world).await, [begins_at("a", 3), begins_at("b", 3)]);
}

pub(super) async fn a_subscription_that_is_saved_again_stays_where_it_stands(world: World) {
    world.store.save_subscription(record("a"), Offset(3)).await.expect("keeps");
    let position = Position { cursor: Offset(7), ..begins_at("a", 0) };
    world.commit_of_host([], [advance(&position), delivery("a", 9)]).await.expect("commits");
    let changed = SubscriptionRecord { definition: Some(vec![1]), secrets: None, updated_at: at(9), ..record("a") };
    world.store.save_subscription(changed.clone(), Offset(100)).await.expect("keeps");
    assert_eq!(world.store.subscription_records().await.expect("reads"), [changed]);
    assert_eq!(positions(&world).await, [position]);
    assert!(world.store.delivery_at(&subscription_id("a"), Offset(9)).await.expect("reads").is_some());
}

pub(super) async fn a_position_is_what_the_last_commit_says(world: World) {
    subscribe(&world, "a").await;
    subscribe(&world, "b").await;
    let reason = Reason { code: "failing".to_owned(), message: "no attempt succeeds".to_owned() };
    let paused = Some(Paused { since: at(6), reason });
    let full = Position { cursor: Offset(8), replays: 3, failing_since: Some(at(5)), paused, ..begins_at("a", 0) };
    world.commit_of_host([], [advance(&begins_at("a", 9)), advance(&full)]).await.expect("commits");
    assert_eq!(positions(&world).await, [full, begins_at("b", 0)]);
    world.commit_of_host([], [advance(&begins_at("a", 2))]).await.expect("commits");
    assert_eq!(positions(&world).await, [begins_at("a", 2), begins_at("b", 0)]);
}

pub(super) async fn a_position_moves_in_the_commit_of_what_came_of_it(world: World) {
    subscribe(&world, "a").await;
    let writes = || {
        let event = Write::Append { event: world.host_event("delivery.exhausted"), dedupe: None };
        [event, advance(&begins_at("a", 1)), delivery("a", 1)]
    };
    world.commit_of_host([], writes()).await.expect("commits");
    assert_eq!((world.event_count().await, positions(&world).await), (1, vec![begins_at("a", 1)]));
    let too_large = (0..=limit::DELIVERY_WRITES_BYTES_MAX / 64).map(|_| advance(&begins_at("a", 5)));
    world.commit_of_host([], writes().into_iter().chain(too_large)).await.expect_err("it is too large");
    assert_eq!((world.event_count().await, positions(&world).await), (1, vec![begins_at("a", 1)]));
}

pub(super) async fn a_removed_subscription_is_gone_and_stays_so(world: World) {
    subscribe(&world, "a").await;
    world.commit_of_host([], [delivery("a", 1)]).await.expect("commits");
    assert!(world.store.remove_subscription(&subscription_id("a")).await.expect("removes"));
    assert!(!world.store.remove_subscription(&subscription_id("a")).await.expect("looks"));
    let late = [advance(&begins_at("a", 5)), delivery("a", 2), given_up_at("a", 3)];
    world.commit_of_host([], late).await.expect("it changes nothing");
    assert_eq!(world.store.subscription_records().await.expect("reads"), []);
    assert_eq!(positions(&world).await, []);
    assert_eq!(world.store.delivery_depths().await.expect("reads"), []);
}

pub(super) async fn the_next_of_a_name_knows_nothing_of_the_one_before(world: World) {
    subscribe(&world, "a").await;
    subscribe(&world, "b").await;
    let writes = [delivery("a", 1), delivery("a", 2), delivery("b", 1), advance(&begins_at("a", 5))];
    world.commit_of_host([], writes).await.expect("commits");
    for name in ["a", "b"] {
        world.store.remove_subscription(&subscription_id(name)).await.expect("removes");
    }
    world.store.save_subscription(record("a"), Offset(1)).await.expect("keeps");
    assert_eq!(positions(&world).await, [begins_at("a", 1)]);
    let a = subscription_id("a");
    assert_eq!(world.store.kept_after(&a, Offset::START, 10).await.expect("reads"), []);
    assert_eq!(world.store.pending(&a, Offset::START, 10).await.expect("reads"), []);
    assert_eq!(world.store.deliveries(&Default::default(), None, 10).await.expect("reads").deliveries, []);
    world.commit_of_host([], [delivery("a", 2)]).await.expect("commits");
    assert_eq!(world.store.kept_after(&a, Offset::START, 10).await.expect("reads"), [Offset(2)]);
}

pub(super) async fn there_are_only_so_many_subscriptions_of_the_api(world: World) {
    for number in 0..limit::API_SUBSCRIPTIONS_MAX {
        world.store.save_subscription(record(&format!("s{number}")), Offset(0)).await.expect("keeps");
    }
    let error = world.store.save_subscription(record("more"), Offset(0)).await.expect_err("there are too many");
    assert!(matches!(error, SaveSubscriptionError::TooMany { max: limit::API_SUBSCRIPTIONS_MAX }), "{error:?}");
    let of_file = SubscriptionRecord { definition: None, ..record("of-file") };
    world.store.save_subscription(of_file, Offset(0)).await.expect("one of the file is not one of the API");
    world.store.save_subscription(record("s7"), Offset(0)).await.expect("one that is there can be changed");
    world.store.remove_subscription(&subscription_id("s7")).await.expect("removes");
    world.store.save_subscription(record("more"), Offset(0)).await.expect("there is room again");
}

pub(super) async fn a_closed_store_shows_and_changes_no_subscription(world: World) {
    subscribe(&world, "a").await;
    world.store.close().await;
    assert_closed(world.store.subscription_records().await);
    assert_closed(world.store.positions().await);
    assert_closed(world.store.remove_subscription(&subscription_id("a")).await);
    let error = world.store.save_subscription(record("b"), Offset(0)).await.expect_err("is closed");
    assert!(matches!(error, SaveSubscriptionError::Unavailable(StoreError::Closed)), "{error:?}");
}
