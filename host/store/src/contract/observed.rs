use hookyard_domain::commit::Write;

use super::world::{World, mark, mark_absent, set};
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
