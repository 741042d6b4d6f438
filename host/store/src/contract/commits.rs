use std::time::Duration;

use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::event::Offset;
use hookyard_domain::inbox::{Reason, Standing, WebhookState};
use hookyard_domain::kv::Revision;
use hookyard_domain::limit;
use tokio::task::JoinSet;

use super::kept::{keep, pending, settle, webhook, webhook_at};
use super::world::{World, commit, delete, increment, key_at, mark, mark_absent, noon, set, set_until};
use crate::CommitError;

pub(super) async fn every_write_happens_when_every_guard_holds(world: World) {
    world.write([set("old", "1"), set("gone", "1")]).await;
    let revision = world.revision("old").await;
    let guards = [mark_absent(1), key_at("old", revision), key_at("new", None)];
    let writes = [
        Write::Mark(mark(1)),
        world.append("shop", "shipment.updated"),
        set("new", "2"),
        delete("gone"),
        increment("count", 3),
    ];
    let committed = world.commit(guards, writes).await.expect("every guard holds");
    assert_eq!(committed.events, [Some(Offset(1))]);
    assert!(world.marked(1).await);
    assert_eq!(world.event_count().await, 1);
    assert_eq!(world.value("new").await.as_deref(), Some("2"));
    assert_eq!(world.value("gone").await, None);
    assert_eq!(world.value("count").await.as_deref(), Some("3"));
}

pub(super) async fn nothing_happens_when_one_guard_fails(world: World) {
    world.write([Write::Mark(mark(1)), set("kept", "1")]).await;
    let writes = || {
        [
            Write::Mark(mark(2)),
            world.append("shop", "shipment.updated"),
            set("new", "2"),
            delete("kept"),
            increment("count", 3),
        ]
    };
    let error = world.commit([key_at("new", None), mark_absent(1)], writes()).await.expect_err("the mark is set");
    assert!(matches!(error, CommitError::MarkPresent), "{error:?}");
    let error = world.commit([mark_absent(2), key_at("kept", None)], writes()).await.expect_err("the key is there");
    assert!(matches!(&error, CommitError::KeyMoved { key } if key == "kept"), "{error:?}");
    assert!(!world.marked(2).await);
    assert_eq!(world.event_count().await, 0);
    assert_eq!(world.value("new").await, None);
    assert_eq!(world.value("kept").await.as_deref(), Some("1"));
    assert_eq!(world.value("count").await, None);
}

pub(super) async fn a_write_that_is_refused_undoes_those_before_it(world: World) {
    world.write([set("text", "abc"), set("kept", "1")]).await;
    let writes = [
        Write::Mark(mark(2)),
        world.append("shop", "shipment.updated"),
        set("new", "2"),
        delete("kept"),
        increment("text", 1),
    ];
    let error = world.commit([], writes).await.expect_err("text is not a number");
    assert!(matches!(&error, CommitError::NotANumber { key } if key == "text"), "{error:?}");
    assert!(!world.marked(2).await);
    assert_eq!(world.event_count().await, 0);
    assert_eq!(world.value("new").await, None);
    assert_eq!(world.value("kept").await.as_deref(), Some("1"));
    let committed = world.write([world.append("shop", "shipment.updated")]).await;
    assert_eq!(committed.events, [Some(Offset(1))], "an undone event leaves no hole");
}

pub(super) async fn a_key_guard_demands_the_revision(world: World) {
    world.write([set("key", "1")]).await;
    let revision = world.revision("key").await.expect("is there");
    world.commit([key_at("key", Some(revision))], [set("key", "2")]).await.expect("it has not moved");
    for wrong in [Some(revision), None, Some(Revision(u64::MAX / 4))] {
        let error = world.commit([key_at("key", wrong)], [set("key", "3")]).await.expect_err("it has moved");
        assert!(matches!(&error, CommitError::KeyMoved { key } if key == "key"), "{error:?}");
    }
    let error = world.commit([key_at("absent", Some(revision))], []).await.expect_err("it is absent");
    assert!(matches!(&error, CommitError::KeyMoved { key } if key == "absent"), "{error:?}");
    assert_eq!(world.value("key").await.as_deref(), Some("2"));
}

pub(super) async fn a_key_guard_takes_an_expired_key_for_absent(world: World) {
    world.write([set_until("key", "1", noon().after(Duration::from_secs(10)))]).await;
    let revision = world.revision("key").await;
    world.commit([key_at("key", revision)], []).await.expect("it is still there");
    world.clock.advance(Duration::from_secs(10));
    let error = world.commit([key_at("key", revision)], []).await.expect_err("it has expired");
    assert!(matches!(error, CommitError::KeyMoved { .. }), "{error:?}");
    world.commit([key_at("key", None)], [set("key", "2")]).await.expect("it has expired");
    assert_eq!(world.value("key").await.as_deref(), Some("2"));
}

pub(super) async fn guards_do_not_see_the_writes_of_their_own_commit(world: World) {
    let guards = [mark_absent(1), key_at("key", None)];
    world.commit(guards, [Write::Mark(mark(1)), set("key", "1")]).await.expect("guards come first");
    assert!(world.marked(1).await);
}

pub(super) async fn of_many_commits_with_one_mark_exactly_one_wins(world: World) {
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let writes = [Write::Mark(mark(1)), world.append("shop", "shipment.updated"), increment("count", 1)];
        let commit = commit("shop", noon(), [mark_absent(1)], writes);
        let store = world.store.clone();
        tasks.spawn(async move { store.commit(commit).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(CommitError::MarkPresent))));
    assert_eq!(world.event_count().await, 1);
    assert_eq!(world.value("count").await.as_deref(), Some("1"));
}

pub(super) async fn of_many_commits_that_read_one_revision_exactly_one_wins(world: World) {
    world.write([set("key", "0")]).await;
    let revision = world.revision("key").await;
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let commit = commit("shop", noon(), [key_at("key", revision)], [set("key", number.to_string())]);
        let store = world.store.clone();
        tasks.spawn(async move { store.commit(commit).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}

pub(super) async fn a_commit_may_have_a_mebibyte_and_no_more(world: World) {
    let values = |bytes: usize| (0..4).map(move |n| set(&format!("key{n}"), vec![b'x'; bytes / 4]));
    let error = world.commit([], values(limit::COMMIT_BYTES_MAX)).await.expect_err("keys count as well");
    assert!(
        matches!(error, CommitError::TooLarge { bytes, max } if bytes > max && max == limit::COMMIT_BYTES_MAX),
        "{error:?}"
    );
    assert_eq!(world.revision("key0").await, None);
    world.commit([], values(limit::COMMIT_BYTES_MAX - 1_024)).await.expect("fits");
    assert_eq!(world.entry("key3").await.expect("is there").value.len(), limit::COMMIT_BYTES_MAX / 4 - 256);
}

pub(super) async fn what_the_host_writes_takes_no_room_from_a_largest_draft(world: World) {
    let error = Some(Reason { code: "busy".to_owned(), message: "x".repeat(limit::ERROR_MESSAGE_BYTES_MAX) });
    let stands = Standing { error, ..pending() };
    let timer = Write::StartTimer { name: "poll".to_owned(), due_at: noon(), payload: "{}".to_owned() };
    let generation = world.write([keep(webhook("shop", 1), stands.clone()), timer]).await.timers[0];
    let draft = || (0..4).map(|n| set(&format!("key{n}"), vec![b'x'; limit::COMMIT_BYTES_MAX / 4 - 68]));
    let timer_at = Guard::TimerAt { name: "poll".to_owned(), generation, version: 0 };
    let guards = [mark_absent(1), Guard::NotKept(mark(1)), webhook_at(1, 0), timer_at];
    let cancel = Write::CancelTimer { name: "poll".to_owned() };
    let settled = Standing { state: WebhookState::Handled, next: None, ..stands.clone() };
    let host = [cancel, settle(1, settled), Write::Mark(mark(1))];
    world.commit(guards, draft().chain(host)).await.expect("fits");
    let error =
        world.commit([], draft().chain([set("more", "")])).await.expect_err("the draft itself has no room left");
    assert!(matches!(error, CommitError::TooLarge { max: limit::COMMIT_BYTES_MAX, .. }), "{error:?}");
    let many = (0..limit::HOST_WRITES_BYTES_MAX / limit::ERROR_MESSAGE_BYTES_MAX).map(|_| settle(1, stands.clone()));
    let error = world.commit([], many).await.expect_err("they have a bound too");
    assert!(matches!(error, CommitError::TooLarge { max: limit::HOST_WRITES_BYTES_MAX, .. }), "{error:?}");
    world.commit([], (0..100).map(|_| settle(1, stands.clone()))).await.expect("a bulk replay fits");
}

pub(super) async fn a_commit_happens_even_if_nobody_waits_for_it(world: World) {
    let commit = commit("shop", noon(), [], [set("key", "1")]);
    let store = world.store.clone();
    let mut waiting = Box::pin(async move { store.commit(commit).await });
    // Polled once, so that it has been handed over.
    drop(std::future::poll_fn(|context| std::task::Poll::Ready(waiting.as_mut().poll(context))).await);
    drop(waiting);
    world.write([set("later", "1")]).await;
    assert_eq!(world.value("key").await.as_deref(), Some("1"));
}
