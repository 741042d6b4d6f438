use hookyard_domain::clock::Clock as _;
use hookyard_domain::commit::{MarkKey, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord, StoredAnswer};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;

use super::kept::keep_at;
use super::world::{DAY, World, consent, held, id, mark, mark_absent, noon, record, set, set_until};
use crate::{CommitError, Life, SaveConnectionError};

const KEY: IdempotencyId = IdempotencyId([1; 16]);

fn life(connection: &str, incarnation: u64, deleting: bool) -> Life {
    Life { connection: id(connection), incarnation: Incarnation(incarnation), deleting }
}

async fn lives(world: &World) -> Vec<Life> {
    world.store.lives().await.expect("reads")
}

async fn begin(world: &World, connection: &str) -> bool {
    world.store.begin_deletion(&id(connection)).await.expect("begins")
}

async fn purge(world: &World, connection: &str) -> bool {
    world.store.purge_connection(&id(connection)).await.expect("clears away")
}

/// Keeps an answer of this size under a key.
fn answer(key: IdempotencyId, bytes: usize) -> Write {
    let answer = StoredAnswer { status: 200, content_type: "text/plain".into(), body: vec![b'x'; bytes].into() };
    let record =
        IdempotencyRecord { request: [7; 32], attempt: 1, answer: Some(answer), expires_at: noon().after(DAY) };
    Write::Idempotency { id: key, record: Box::new(record) }
}

/// One of everything that an invocation leaves.
fn everything(world: &World) -> [Write; 6] {
    let timer = Write::StartTimer { name: "new".to_owned(), due_at: noon(), payload: "{}".to_owned() };
    [Write::Mark(mark(9)), world.append("shop", "a.b"), set("new", "v"), answer(KEY, 10), keep_at(9), timer]
}

/// A connection with one of everything, and another one with the same.
async fn two_connections(world: &World) {
    for connection in ["shop", "other"] {
        world.save(connection).await;
        let writes = [world.append(connection, "a.b"), set("key", connection), answer(KEY, 10)];
        world.commit_to(connection, [], writes).await.expect("commits");
        world.store.record_consent(consent(connection, "{}")).await.expect("keeps");
    }
    world.store.hold_versions(vec![held("shop", 1), held("other", 1)]).await.expect("keeps");
}

async fn assert_gone(world: &World, incarnation: u64) {
    let events = world.event_count().await;
    let mut newest = world.store.newest();
    newest.mark_unchanged();
    let error = world.commit_in("shop", incarnation, everything(world)).await.expect_err("is gone");
    assert!(matches!(error, CommitError::Gone), "{error:?}");
    assert!(!world.marked(9).await);
    assert_eq!(world.event_count().await, events);
    assert!(!newest.has_changed().expect("the store is open"));
    assert_eq!(world.value("new").await, None);
    assert_eq!(world.idempotency(KEY).await, None);
    assert_eq!(world.webhook(9).await, None);
    assert_eq!(world.store.timer(&id("shop"), "new").await.expect("reads"), None);
}

pub(super) async fn an_id_that_was_never_deleted_is_in_its_first_life(world: World) {
    assert_eq!(lives(&world).await, []);
    assert_gone(&world, 1).await;
    world.commit_in("shop", 0, everything(&world)).await.expect("is its first life");
    let error = world.commit_in("shop", 1, [set("new", "other")]).await.expect_err("there was no deletion");
    assert!(matches!(error, CommitError::Gone), "{error:?}");
    assert_eq!(world.value("new").await.as_deref(), Some("v"));
}

pub(super) async fn only_a_connection_of_the_api_is_deleted(world: World) {
    world.write([set("key", "v")]).await;
    assert!(!begin(&world, "shop").await);
    assert!(!purge(&world, "shop").await);
    assert_eq!(lives(&world).await, []);
    world.write([set("key", "v2")]).await;
}

pub(super) async fn a_connection_that_is_not_being_deleted_keeps_everything(world: World) {
    two_connections(&world).await;
    assert!(!purge(&world, "shop").await);
    assert_eq!(world.value("key").await.as_deref(), Some("shop"));
    assert_eq!(world.store.connection_records().await.expect("reads").len(), 2);
    assert_eq!(lives(&world).await, []);
}

pub(super) async fn nothing_is_committed_for_a_connection_that_is_being_deleted(world: World) {
    world.save("shop").await;
    world.write([set("key", "v")]).await;
    for _ in 0..2 {
        assert!(begin(&world, "shop").await, "beginning twice is no error");
        assert_eq!(lives(&world).await, [life("shop", 0, true)]);
        assert_gone(&world, 0).await;
        assert_gone(&world, 1).await;
    }
    world.commit_to("other", [], [set("key", "v")]).await.expect("another connection goes on");
    assert_eq!(world.store.connection_records().await.expect("reads"), [record("shop")], "its record is needed yet");
}

pub(super) async fn a_connection_that_is_being_deleted_cannot_be_saved(world: World) {
    world.save("shop").await;
    begin(&world, "shop").await;
    let error = world.store.save_connection(record("shop")).await.expect_err("is being deleted");
    assert!(matches!(error, SaveConnectionError::Deleting), "{error:?}");
    world.save("other").await;
    purge(&world, "shop").await;
    world.save("shop").await;
}

pub(super) async fn a_purge_leaves_nothing_but_events(world: World) {
    two_connections(&world).await;
    world.write([set_until("expired", "v", noon().after(DAY / 24))]).await;
    world.clock.advance(DAY / 12);
    assert_eq!(world.delete("shop").await, 1);
    assert_eq!(lives(&world).await, [life("shop", 1, false)]);
    assert_eq!((world.value("key").await, world.idempotency(KEY).await), (None, None));
    let keys = world.store.keys(&id("shop"), "", None, 10, noon()).await.expect("reads");
    assert_eq!(keys.keys.len(), 0, "{keys:?}");
    assert_eq!(world.store.consent(&id("shop")).await.expect("reads"), None);
    let of_shop = EventFilter { connections: vec![id("shop")], ..EventFilter::default() };
    let events = world.store.events(Offset::START, &of_shop, 10).await.expect("reads").events;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event.origin.connection(), Some(&id("shop")));
}

pub(super) async fn a_purge_touches_no_other_connection(world: World) {
    two_connections(&world).await;
    world.delete("shop").await;
    let theirs = world.store.get_many(&id("other"), &["key".to_owned()], noon()).await.expect("reads");
    assert_eq!(theirs[0].as_ref().expect("is there").value, b"other");
    assert!(world.store.idempotency(&id("other"), KEY, noon()).await.expect("reads").is_some());
    assert_eq!(world.store.connection_records().await.expect("reads"), [record("other")]);
    assert_eq!(world.store.held_versions().await.expect("reads"), [held("other", 1)]);
    assert_eq!(world.store.consents().await.expect("reads"), [consent("other", "{}")]);
}

pub(super) async fn what_is_recorded_while_a_connection_is_being_deleted_goes_with_it(world: World) {
    world.save("shop").await;
    begin(&world, "shop").await;
    world.store.record_consent(consent("shop", "{}")).await.expect("keeps");
    world.store.hold_versions(vec![held("shop", 1)]).await.expect("keeps");
    assert!(!purge(&world, "shop").await);
    assert_eq!(world.store.consents().await.expect("reads"), []);
    assert_eq!(world.store.held_versions().await.expect("reads"), []);
}

pub(super) async fn a_purge_takes_so_many_rows_at_a_time(world: World) {
    world.save("shop").await;
    let rows = limit::PURGE_ROWS_MAX;
    world.write((0..rows).map(|n| set(&format!("key{n}"), "v"))).await;
    world
        .write((0..rows).map(|n| answer(IdempotencyId([n.to_be_bytes(), [0; 8]].concat().try_into().expect("16")), 1)))
        .await;
    begin(&world, "shop").await;
    for _ in 0..2 {
        assert!(purge(&world, "shop").await, "there is more to do");
        assert_eq!(lives(&world).await, [life("shop", 0, true)], "as a crash would leave it");
    }
    assert!(!purge(&world, "shop").await, "that was all");
    assert_eq!(lives(&world).await, [life("shop", 1, false)]);
}

pub(super) async fn a_purge_takes_so_many_bytes_at_a_time(world: World) {
    world.save("shop").await;
    let half = limit::PURGE_BYTES_MAX / 2;
    for n in 0..3 {
        world.write([answer(IdempotencyId([n; 16]), half)]).await;
    }
    for n in 0..4 {
        world.write([set(&format!("key{n}"), vec![0; half / 2])]).await;
    }
    assert_eq!(world.delete("shop").await, 3, "four values, two answers, one answer");
}

pub(super) async fn an_id_can_be_used_again_and_knows_nothing_of_before(world: World) {
    let key = HashKey::new(&[1; 32]);
    let webhook = |n| MarkKey(key.of_incarnation(&id("shop"), Incarnation(n)).hash16(&[b"webhook", b"shop", b"1"]));
    two_connections(&world).await;
    world.commit_in("shop", 0, [Write::Mark(webhook(0))]).await.expect("commits");
    let before = world.revision("key").await.expect("is there");
    world.delete("shop").await;
    assert_gone(&world, 0).await;
    world.save("shop").await;
    assert_gone(&world, 0).await;
    assert!(!world.store.marked(webhook(1), world.clock.now()).await.expect("reads"));
    world.commit_in("shop", 1, everything(&world)).await.expect("is its present life");
    world.commit_in("shop", 1, [set("key", "v")]).await.expect("is its present life");
    assert_ne!(world.revision("key").await, Some(before));
    assert_eq!(world.store.consent(&id("shop")).await.expect("reads"), None);
    assert!(world.commit_in("shop", 0, [set("key", "old")]).await.is_err());
    assert_eq!(world.value("key").await.as_deref(), Some("v"));
}

pub(super) async fn each_deletion_begins_another_life(world: World) {
    for incarnation in 0..3 {
        world.save("shop").await;
        world.commit_in("shop", incarnation, [set("key", "v")]).await.expect("is its present life");
        world.delete("shop").await;
        assert_eq!(lives(&world).await, [life("shop", incarnation + 1, false)]);
    }
    assert!(!begin(&world, "shop").await, "there is nothing left to delete");
    assert_eq!(lives(&world).await, [life("shop", 3, false)]);
}

pub(super) async fn that_a_connection_is_gone_comes_before_any_guard(world: World) {
    world.save("shop").await;
    world.write([Write::Mark(mark(1))]).await;
    begin(&world, "shop").await;
    let error = world.commit([mark_absent(1)], [set("key", "v")]).await.expect_err("is gone");
    assert!(matches!(error, CommitError::Gone), "{error:?}");
}
