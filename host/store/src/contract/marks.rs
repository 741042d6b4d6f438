use std::time::Duration;

use hookyard_domain::clock::Clock as _;
use hookyard_domain::commit::Write;
use hookyard_domain::event::Offset;
use hookyard_domain::limit;

use super::world::{DAY, World, commit, increment, mark, mark_absent, noon, set};
use crate::CommitError;

fn append(world: &World, dedupe: u8) -> Write {
    Write::Append { event: world.event("shop", "shipment.updated", None), dedupe: Some(mark(dedupe)) }
}

pub(super) async fn a_mark_is_set_by_its_commit(world: World) {
    assert!(!world.marked(1).await);
    world.commit([mark_absent(1)], [Write::Mark(mark(1))]).await.expect("it is absent");
    assert!(world.marked(1).await);
    assert!(!world.marked(2).await);
    let error = world.commit([mark_absent(1)], [Write::Mark(mark(1))]).await.expect_err("it is set");
    assert!(matches!(error, CommitError::MarkPresent), "{error:?}");
    let error = world.commit_to("shop2", [mark_absent(1)], []).await.expect_err("marks are of the host");
    assert!(matches!(error, CommitError::MarkPresent), "{error:?}");
}

pub(super) async fn setting_a_mark_twice_is_no_error(world: World) {
    world.write([Write::Mark(mark(1)), Write::Mark(mark(1))]).await;
    world.write([Write::Mark(mark(1))]).await;
    assert!(world.marked(1).await);
}

pub(super) async fn a_mark_lasts_for_its_retention_time(world: World) {
    world.write([Write::Mark(mark(1))]).await;
    let retention = DAY * u32::try_from(limit::MARK_RETENTION_DAYS).expect("is small");
    world.clock.advance(retention + DAY / 4);
    assert!(world.marked(1).await);
    assert!(world.commit([mark_absent(1)], []).await.is_err());
    world.write([set("any", "v")]).await;
    assert!(world.marked(1).await, "nothing has cleared it away too soon");
    world.clock.advance(DAY);
    assert!(!world.marked(1).await);
    world.commit([mark_absent(1)], [Write::Mark(mark(1))]).await.expect("it is forgotten");
    assert!(world.marked(1).await);
}

pub(super) async fn a_mark_survives_a_clock_that_is_set_back(world: World) {
    world.clock.advance(DAY);
    world.write([Write::Mark(mark(1))]).await;
    assert!(world.store.marked(mark(1), noon()).await.expect("reads"));
    let earlier = commit("shop", noon(), [mark_absent(1)], []);
    let error = world.store.commit(earlier).await.expect_err("it is set");
    assert!(matches!(error, CommitError::MarkPresent), "{error:?}");
}

pub(super) async fn an_event_with_a_known_dedupe_mark_is_not_appended_again(world: World) {
    let first = world.write([append(&world, 1), append(&world, 2)]).await;
    assert_eq!(first.events, [Some(Offset(1)), Some(Offset(2))]);
    let second = world.write([append(&world, 2), increment("count", 1), append(&world, 3)]).await;
    assert_eq!(second.events, [None, Some(Offset(3))]);
    assert_eq!(world.value("count").await.as_deref(), Some("1"), "the rest of the commit happens");
    assert_eq!(world.event_count().await, 3);
    world.clock.advance(DAY * 9 + Duration::from_secs(1));
    assert_eq!(world.write([append(&world, 1)]).await.events, [Some(Offset(4))]);
}

pub(super) async fn events_of_one_commit_with_one_dedupe_mark_count_once(world: World) {
    let committed = world.write([append(&world, 1), append(&world, 1)]).await;
    assert_eq!(committed.events, [Some(Offset(1)), None]);
}

pub(super) async fn a_commit_that_is_refused_sets_no_dedupe_mark(world: World) {
    world.write([set("text", "abc")]).await;
    world.commit([], [append(&world, 1), increment("text", 1)]).await.expect_err("text is not a number");
    assert!(!world.marked(1).await);
    assert_eq!(world.write([append(&world, 1)]).await.events, [Some(Offset(1))]);
}

pub(super) async fn a_dedupe_mark_is_a_mark(world: World) {
    world.write([append(&world, 1), Write::Mark(mark(2))]).await;
    assert!(world.store.marked(mark(1), world.clock.now()).await.expect("reads"));
    assert!(world.commit([mark_absent(1)], []).await.is_err());
    assert_eq!(world.write([append(&world, 2)]).await.events, [None]);
}
