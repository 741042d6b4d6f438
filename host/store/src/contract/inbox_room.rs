use std::time::Duration;

use hookyard_domain::inbox::{Place, Standing, WebhookState};
use hookyard_domain::limit;
use hookyard_domain::webhook::KeptWebhook;

use super::kept::{failed, handled, keep, keep_at, pending, settle, standing, webhook};
use super::world::{DAY, World, id, increment, noon, set};
use crate::{CommitError, InboxBounds, InboxSettings, InboxUse};

const NO_BOUND: InboxUse = InboxUse { webhooks: u64::MAX, bytes: u64::MAX };

/// A world in whose inbox is this much room.
fn with(world: World, of_connection: InboxUse, of_all: InboxUse) -> World {
    world.with_inbox(InboxSettings { bounds: InboxBounds { of_connection, of_all }, ..InboxSettings::default() })
}

fn webhooks(webhooks: u64) -> InboxUse {
    InboxUse { webhooks, ..NO_BOUND }
}

async fn try_keep(world: &World, connection: &str, place: u64) -> Result<(), CommitError> {
    world.commit_to(connection, [], [keep(webhook(connection, place), pending())]).await.map(drop)
}

fn full<T: std::fmt::Debug>(result: Result<T, CommitError>) {
    let error = result.expect_err("there is no room");
    assert!(matches!(error, CommitError::InboxFull), "{error:?}");
}

pub(super) async fn a_connection_may_have_so_many_and_others_go_on(world: World) {
    let world = with(world, webhooks(3), NO_BOUND);
    world.write([keep_at(1), keep(webhook("shop", 2), failed()), keep_at(3)]).await;
    let writes = [set("new", "v"), world.append("shop", "a.b"), keep_at(4)];
    full(world.commit([], writes).await);
    assert_eq!((world.value("new").await, world.event_count().await, world.webhook(4).await), (None, 0, None));
    try_keep(&world, "shop2", 4).await.expect("another connection has room");
    world.write([set("new", "v")]).await;
}

pub(super) async fn all_together_may_have_so_many(world: World) {
    let world = with(world, NO_BOUND, webhooks(2));
    try_keep(&world, "shop", 1).await.expect("there is room");
    try_keep(&world, "shop2", 2).await.expect("there is room");
    full(try_keep(&world, "shop3", 3).await);
    world.write([settle(1, handled())]).await;
    try_keep(&world, "shop3", 3).await.expect("there is room again");
    full(try_keep(&world, "shop", 4).await);
}

pub(super) async fn so_many_bytes_fit_and_no_more(world: World) {
    let world = with(world, InboxUse { bytes: 1_000, ..NO_BOUND }, InboxUse { bytes: 1_500, ..NO_BOUND });
    let of_size = |connection: &str, place, bytes: usize| {
        let headers = vec![("a".to_owned(), vec![b'b'])];
        let keys = KeptWebhook { order_key: Some("c".to_owned()), path: "/d".to_owned(), ..webhook(connection, place) };
        keep(KeptWebhook { headers, query: "e".to_owned(), body: vec![0; bytes - 6].into(), ..keys }, pending())
    };
    world.write([of_size("shop", 1, 600)]).await;
    full(world.commit([], [of_size("shop", 2, 401)]).await);
    world.write([of_size("shop", 2, 400)]).await;
    full(world.commit_to("shop2", [], [of_size("shop2", 3, 501)]).await);
    world.commit_to("shop2", [], [of_size("shop2", 3, 500)]).await.expect("fits");
    world.write([settle(1, handled())]).await;
    world.write([of_size("shop", 4, 600)]).await;
}

pub(super) async fn what_settles_makes_room_and_what_fails_does_not(world: World) {
    let world = with(world, webhooks(1), NO_BOUND);
    world.write([keep_at(1)]).await;
    for standing in [failed(), Standing { blocks: true, ..failed() }, pending()] {
        world.write([settle(1, standing)]).await;
        full(try_keep(&world, "shop", 2).await);
    }
    world.write([settle(1, handled())]).await;
    try_keep(&world, "shop", 2).await.expect("there is room");
    world.write([settle(2, standing(WebhookState::Skipped))]).await;
    try_keep(&world, "shop", 3).await.expect("there is room");
    world.write([settle(1, standing(WebhookState::Skipped))]).await;
    full(try_keep(&world, "shop", 4).await);
}

pub(super) async fn what_was_handled_at_once_takes_no_room(world: World) {
    let world = with(world, webhooks(1), webhooks(1));
    world.write((1..=5).map(|place| keep(webhook("shop", place), handled()))).await;
    try_keep(&world, "shop", 6).await.expect("there is room");
    world.write([keep(webhook("shop", 7), standing(WebhookState::Skipped))]).await;
}

pub(super) async fn a_replay_of_what_settled_needs_room(world: World) {
    let world = with(world, webhooks(1), NO_BOUND);
    world.write([keep(webhook("shop", 1), handled()), keep_at(2)]).await;
    full(world.commit([], [set("new", "v"), settle(1, pending())]).await);
    assert_eq!((world.stands(1).await, world.value("new").await), (Some((WebhookState::Handled, 0)), None));
    world.write([settle(2, handled()), settle(1, pending())]).await;
    full(try_keep(&world, "shop", 3).await);
}

pub(super) async fn a_commit_that_is_refused_takes_no_room(world: World) {
    let world = with(world, webhooks(2), webhooks(2));
    world.write([set("text", "abc"), keep_at(1)]).await;
    for _ in 0..5 {
        let refused = [keep_at(2), increment("text", 1)];
        assert!(matches!(world.commit([], refused).await, Err(CommitError::NotANumber { .. })));
        let refused = [settle(1, handled()), increment("text", 1)];
        assert!(matches!(world.commit([], refused).await, Err(CommitError::NotANumber { .. })));
        assert!(matches!(world.commit([], [keep_at(1)]).await, Err(CommitError::KeptAlready)));
        full(world.commit([], [keep_at(2), keep_at(3)]).await);
    }
    try_keep(&world, "shop", 2).await.expect("there is room for this one");
    full(try_keep(&world, "shop", 3).await);
}

pub(super) async fn a_commit_counts_what_it_keeps_and_settles_itself(world: World) {
    let world = with(world, webhooks(2), webhooks(2));
    full(world.commit([], [1, 2, 3].map(keep_at)).await);
    world.write([keep_at(1), keep_at(2), settle(1, handled()), keep_at(3)]).await;
    full(try_keep(&world, "shop", 4).await);
    world.write([settle(2, handled()), settle(3, handled()), settle(1, failed())]).await;
    try_keep(&world, "shop", 4).await.expect("there is room");
    full(try_keep(&world, "shop", 5).await);
}

pub(super) async fn a_deleted_connection_leaves_nothing_in_the_inbox_and_takes_no_room(world: World) {
    let world = with(world, webhooks(3), webhooks(4));
    world.save("shop").await;
    world.write([keep_at(1), keep(webhook("shop", 2), failed()), keep(webhook("shop", 3), handled())]).await;
    try_keep(&world, "shop2", 4).await.expect("there is room");
    assert_eq!(world.delete("shop").await, 1);
    for place in 1..=3 {
        assert_eq!(world.webhook(place).await, None);
    }
    let waiting = world.store.waiting(Place(0), 10).await.expect("reads");
    assert_eq!(waiting.iter().map(|waiting| waiting.place.0).collect::<Vec<_>>(), [4], "another connection's stays");
    let depths = world.store.inbox_depths().await.expect("reads");
    assert_eq!(depths.iter().map(|depth| depth.connection.clone()).collect::<Vec<_>>(), [id("shop2")]);
    world.save("shop").await;
    world.commit_in("shop", 1, [1, 2, 3].map(keep_at)).await.expect("the next life has all the room");
    full(world.commit_in("shop", 1, [keep_at(5)]).await);
}

pub(super) async fn a_purge_takes_so_many_bytes_of_webhooks_at_a_time(world: World) {
    world.save("shop").await;
    let of_size = |place, bytes: usize| KeptWebhook { body: vec![0; bytes].into(), ..webhook("shop", place) };
    for place in 1..=5 {
        world.write([keep(of_size(place, limit::PURGE_BYTES_MAX / 2), handled())]).await;
    }
    assert_eq!(world.delete("shop").await, 3, "two, two and one");
    world.save("shop").await;
    let many = (1..=limit::PURGE_ROWS_MAX as u64 + 1).map(keep_at);
    world.commit_in("shop", 1, many).await.expect("commits");
    assert_eq!(world.delete("shop").await, 2);
    assert_eq!(world.store.waiting(Place(0), 10).await.expect("reads"), []);
}

/// Lets the store clear away what it will, by way of commits: whether these webhooks have gone.
async fn have_gone(world: &World, places: &[u64]) -> bool {
    for _ in 0..1_000 {
        world.write([increment("count", 1)]).await;
        let mut left = 0;
        for place in places {
            left += usize::from(world.webhook(*place).await.is_some());
        }
        if left == 0 {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

pub(super) async fn what_settled_goes_after_its_time_and_nothing_else_does(world: World) {
    let retention = DAY * 3;
    let world = world.with_inbox(InboxSettings { settled_retention: retention, ..InboxSettings::default() });
    let skipped = standing(WebhookState::Skipped);
    world.write([keep(webhook("shop", 1), handled()), keep(webhook("shop", 2), skipped)]).await;
    world.write([keep_at(3), keep(webhook("shop", 4), failed())]).await;
    let long_ago = Standing { since: noon().before(DAY), ..handled() };
    world.write([keep(webhook("shop", 5), long_ago)]).await;
    world.clock.advance(retention - Duration::from_secs(1));
    assert!(have_gone(&world, &[5]).await, "this one's time has come");
    assert!(world.webhook(1).await.is_some() && world.webhook(2).await.is_some(), "their time has not come");
    world.clock.advance(DAY);
    assert!(have_gone(&world, &[1, 2]).await, "their time has come");
    assert_eq!(world.stands(3).await, Some((WebhookState::Pending, 0)));
    assert_eq!(world.stands(4).await, Some((WebhookState::Failed, 0)), "what failed is never dropped");
    world.write([keep(webhook("shop", 1), pending())]).await;
}

pub(super) async fn what_settled_again_stays_from_then_on(world: World) {
    world.write([keep(webhook("shop", 1), handled()), keep(webhook("shop", 2), handled())]).await;
    world.clock.advance(limit::SETTLED_RETENTION_DEFAULT - DAY);
    let since = noon().after(limit::SETTLED_RETENTION_DEFAULT - DAY);
    world.write([settle(1, Standing { since, ..handled() })]).await;
    world.clock.advance(DAY * 2);
    assert!(have_gone(&world, &[2]).await);
    assert!(world.webhook(1).await.is_some());
}
