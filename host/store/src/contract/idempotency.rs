use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::Write;
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord, StoredAnswer};
use hookyard_domain::limit;

use super::world::{DAY, World, id, increment, key_at, mark, mark_absent, noon, set};
use crate::CommitError;

const SECOND: Duration = Duration::from_secs(1);
const KEY: IdempotencyId = IdempotencyId([1; 16]);

fn started(attempt: u32) -> IdempotencyRecord {
    IdempotencyRecord { request: [7; 32], attempt, answer: None, expires_at: noon().after(DAY) }
}

fn answered(body: impl Into<Vec<u8>>) -> IdempotencyRecord {
    let body = body.into().into();
    let answer = StoredAnswer { status: 422, content_type: "application/problem+json".into(), body };
    IdempotencyRecord { answer: Some(answer), ..started(1) }
}

fn until(expires_at: Timestamp) -> IdempotencyRecord {
    IdempotencyRecord { expires_at, ..started(1) }
}

fn keep(record: IdempotencyRecord) -> Write {
    Write::Idempotency { id: KEY, record: Box::new(record) }
}

fn forget() -> Write {
    Write::ForgetIdempotency { id: KEY }
}

pub(super) async fn a_started_record_is_read_back_as_it_was(world: World) {
    assert_eq!(world.idempotency(KEY).await, None);
    world.write([keep(started(1))]).await;
    assert_eq!(world.idempotency(KEY).await, Some(started(1)));
    world.write([keep(started(2))]).await;
    assert_eq!(world.idempotency(KEY).await, Some(started(2)));
    assert_eq!(world.idempotency(IdempotencyId([2; 16])).await, None);
}

pub(super) async fn an_answer_replaces_it_in_the_commit_of_its_effects(world: World) {
    world.write([keep(started(1))]).await;
    let body = [b'{', 0, 0xff, b'}'];
    let effects = [keep(answered(body)), world.append("shop", "shipment.created"), set("key", "v")];
    world.commit([key_at("key", None)], effects).await.expect("the guard holds");
    assert_eq!(world.idempotency(KEY).await, Some(answered(body)));
    assert_eq!((world.event_count().await, world.value("key").await.as_deref()), (1, Some("v")));
}

pub(super) async fn an_answer_is_never_replaced_nor_forgotten_before_its_time(world: World) {
    world.write([keep(answered(""))]).await;
    for change in [keep(started(2)), keep(answered("other")), forget()] {
        world.write([change]).await;
        assert_eq!(world.idempotency(KEY).await, Some(answered("")), "an empty body is an answer");
    }
}

pub(super) async fn a_commit_that_is_refused_leaves_the_record_as_it_was(world: World) {
    world.write([Write::Mark(mark(1)), set("text", "abc")]).await;
    for before in [None, Some(started(1)), Some(answered("{}"))] {
        world.write([before.clone().map_or_else(forget, keep)]).await;
        for change in [keep(started(9)), keep(answered("changed")), forget()] {
            let effects = || [change.clone(), world.append("shop", "shipment.created"), set("new", "v")];
            let error = world.commit([mark_absent(1)], effects()).await.expect_err("the mark is set");
            assert!(matches!(error, CommitError::MarkPresent), "{error:?}");
            let error = world.commit([key_at("text", None)], effects()).await.expect_err("the key is there");
            assert!(matches!(error, CommitError::KeyMoved { .. }), "{error:?}");
            let refused = effects().into_iter().chain([increment("text", 1)]);
            let error = world.commit([], refused).await.expect_err("text is not a number");
            assert!(matches!(error, CommitError::NotANumber { .. }), "{error:?}");
            assert_eq!(world.idempotency(KEY).await, before);
        }
    }
    assert_eq!((world.event_count().await, world.value("new").await), (0, None));
}

pub(super) async fn a_forgotten_record_is_gone(world: World) {
    world.write([forget()]).await;
    world.write([keep(started(1))]).await;
    world.write([forget(), set("key", "v")]).await;
    assert_eq!(world.idempotency(KEY).await, None);
    world.write([keep(answered("{}"))]).await;
    assert_eq!(world.idempotency(KEY).await, Some(answered("{}")));
}

pub(super) async fn records_of_one_commit_are_written_in_order(world: World) {
    world.write([keep(started(1)), forget()]).await;
    assert_eq!(world.idempotency(KEY).await, None);
    world.write([forget(), keep(started(2))]).await;
    assert_eq!(world.idempotency(KEY).await, Some(started(2)));
    world.write([keep(started(1)), keep(answered("{}"))]).await;
    assert_eq!(world.idempotency(KEY).await, Some(answered("{}")));
}

pub(super) async fn a_record_ceases_to_exist_when_its_time_has_come(world: World) {
    world.write([keep(until(noon().after(SECOND * 2)))]).await;
    world.clock.advance(SECOND);
    assert!(world.idempotency(KEY).await.is_some());
    world.clock.advance(SECOND);
    assert_eq!(world.idempotency(KEY).await, None);
    // Whatever has been cleared away meanwhile, the time of the read decides.
    world.write([keep(until(noon()))]).await;
    assert_eq!(world.idempotency(KEY).await, None);
}

pub(super) async fn a_record_that_is_replaced_expires_when_the_new_one_does(world: World) {
    world.write([keep(until(noon().after(SECOND)))]).await;
    world.write([keep(started(1))]).await;
    world.clock.advance(SECOND);
    world.write([set("any", "v")]).await;
    assert_eq!(world.idempotency(KEY).await, Some(started(1)));
    world.write([keep(until(noon().after(SECOND)))]).await;
    assert_eq!(world.idempotency(KEY).await, None);
}

pub(super) async fn another_connections_record_is_another_one(world: World) {
    world.commit_to("shop", [], [keep(started(1))]).await.expect("commits");
    let theirs = world.store.idempotency(&id("shop2"), KEY, noon()).await.expect("reads");
    assert_eq!(theirs, None);
    world.commit_to("shop2", [], [keep(answered("theirs"))]).await.expect("commits");
    assert_eq!(world.idempotency(KEY).await, Some(started(1)));
    world.commit_to("shop2", [], [forget()]).await.expect("commits");
    assert_eq!(world.idempotency(KEY).await, Some(started(1)));
}

pub(super) async fn a_largest_answer_fits_beside_a_largest_commit(world: World) {
    let rest = limit::COMMIT_BYTES_MAX - 1_024;
    let body = vec![b'x'; limit::STORED_ANSWER_BYTES_MAX - 1_024];
    world.write([keep(started(1))]).await;
    world.write([set("key", vec![b'x'; rest]), keep(answered(body.clone()))]).await;
    assert_eq!(world.idempotency(KEY).await, Some(answered(body)));
    assert_eq!(world.entry("key").await.expect("is there").value.len(), rest);
}

pub(super) async fn an_answer_may_not_be_larger_and_lends_no_room_to_the_rest(world: World) {
    world.write([keep(started(1))]).await;
    let larger = answered(vec![b'x'; limit::STORED_ANSWER_BYTES_MAX]);
    let error = world.commit([], [keep(larger), set("key", "v")]).await.expect_err("its row counts as well");
    assert!(
        matches!(error, CommitError::TooLarge { bytes, max } if bytes > max && max == limit::STORED_ANSWER_BYTES_MAX),
        "{error:?}"
    );
    let value = vec![b'x'; limit::COMMIT_BYTES_MAX];
    let error = world.commit([], [keep(answered("{}")), set("key", value)]).await.expect_err("the key is too large");
    assert!(matches!(error, CommitError::TooLarge { max: limit::COMMIT_BYTES_MAX, .. }), "{error:?}");
    let half = vec![b'x'; limit::STORED_ANSWER_BYTES_MAX / 2];
    let two = [keep(answered(half.clone())), keep(answered(half))];
    let error = world.commit([], two).await.expect_err("answers count together");
    assert!(matches!(error, CommitError::TooLarge { max: limit::STORED_ANSWER_BYTES_MAX, .. }), "{error:?}");
    assert_eq!((world.idempotency(KEY).await, world.value("key").await), (Some(started(1)), None));
}
