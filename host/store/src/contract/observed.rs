use hookyard_domain::commit::Write;
use hookyard_domain::timer::{TimerDepth, TimerStanding};

use super::world::{World, id, mark, mark_absent, noon, set};
use crate::StoreError;

pub(super) async fn a_store_that_works_can_be_written_to(world: World) {
    world.store.check_writable().await.expect("writes");
    world.write([set("key", "v"), world.append("shop", "a.b")]).await;
    world.store.check_writable().await.expect("writes");
    assert_eq!((world.value("key").await.as_deref(), world.event_count().await), (Some("v"), 1), "nothing has changed");
    world.store.close().await;
    assert!(matches!(world.store.check_writable().await, Err(StoreError::Closed)));
}

pub(super) async fn nothing_waits_once_every_commit_has_returned(world: World) {
    for n in 0..20 {
        world.write([set(&n.to_string(), vec![b'x'; 10_000])]).await;
        let workload = world.store.workload();
        assert_eq!((workload.waiting, workload.waiting_bytes), (0, 0));
    }
}

pub(super) async fn every_commit_counts_in_its_group(world: World) {
    let before = world.store.workload().groups;
    for n in 0..3 {
        world.write([set(&n.to_string(), "v"), world.append("shop", "a.b")]).await;
    }
    world.commit([mark_absent(1)], [Write::Mark(mark(1))]).await.expect("commits");
    world.commit([mark_absent(1)], []).await.expect_err("is refused");
    let groups = world.store.workload().groups;
    assert_eq!(groups.commits - before.commits, 5, "the refused one too");
    assert_eq!(groups.counts[0] - before.counts[0], 5, "none waited for another");
    assert_eq!(groups.groups() - before.groups(), 5);
}

pub(super) async fn timers_are_counted_by_connection_and_state(world: World) {
    let start = |name: &str| Write::StartTimer { name: name.to_owned(), due_at: noon(), payload: "1".to_owned() };
    world.write([start("a"), start("b"), start("c")]).await;
    world.commit_to("other", [], [start("a"), start("b")]).await.expect("commits");
    world.commit_to("none", [], [start("a")]).await.expect("commits");
    world.commit_to("none", [], [Write::CancelTimer { name: "a".to_owned() }]).await.expect("commits");
    let standing = Box::new(TimerStanding { attempts: 9, next: None, error: None });
    world.write([Write::SettleTimer { name: "b".to_owned(), standing }]).await;
    let depth = |connection, pending, failed| TimerDepth { connection: id(connection), pending, failed };
    let depths = world.store.timer_depths().await.expect("reads");
    assert_eq!(depths, [depth("other", 2, 0), depth("shop", 2, 1)]);
}
