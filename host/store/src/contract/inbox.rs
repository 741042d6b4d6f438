use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::inbox::{InboxEntry, Known, Next, Place, Reason, Source, Standing, WebhookState};
use hookyard_domain::limit;
use hookyard_domain::webhook::KeptWebhook;
use tokio::task::JoinSet;

use super::kept::{
    at, failed, handled, keep, keep_at, marked, pending, settle, standing, webhook, webhook_at, webhook_id,
};
use super::world::{DAY, World, commit, increment, mark, mark_absent, noon, set};
use crate::{CommitError, StoreError};

/// One of which nothing is as usual.
fn full() -> KeptWebhook {
    KeptWebhook {
        source: Source::Trigger,
        received_at: at(7),
        remote_address: Some("2001:db8::7".parse().expect("valid")),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        method: "PUT".to_owned(),
        path: "/über/***".to_owned(),
        query: "a=1&a=2".to_owned(),
        headers: vec![
            ("content-type".to_owned(), b"application/json".to_vec()),
            ("x-raw".to_owned(), vec![0xff, 0, b'\n']),
            ("x-raw".to_owned(), Vec::new()),
        ],
        sensitive_headers: vec!["authorization".to_owned(), "x-signature".to_owned()],
        body: (0..=255).cycle().take(10_000).collect::<Vec<u8>>().into(),
        dedupe: Some(("ключ".to_owned(), mark(1))),
        fresh: true,
        order_key: Some("order 1".to_owned()),
        verified_by: "standard-webhooks".to_owned(),
        ..webhook("shop", 5 << 20)
    }
}

fn entry(webhook: KeptWebhook, standing: Standing, version: u32) -> Option<InboxEntry> {
    Some(InboxEntry { webhook, standing, version })
}

pub(super) async fn a_kept_webhook_is_read_back_as_it_was_received(world: World) {
    assert_eq!(world.webhook(1).await, None);
    world.write([keep(full(), pending()), keep(webhook("shop", 1), handled())]).await;
    world.commit_to("shop2", [], [keep(webhook("shop2", 2), failed())]).await.expect("commits");
    assert_eq!(world.webhook(5 << 20).await, entry(full(), pending(), 0));
    assert_eq!(world.webhook(1).await, entry(webhook("shop", 1), handled(), 0));
    assert_eq!(world.webhook(2).await, entry(webhook("shop2", 2), failed(), 0));
}

pub(super) async fn a_standing_is_read_back_as_it_was(world: World) {
    let error = Some(Reason { code: "plugin-trap".to_owned(), message: String::new() });
    let all = [
        Standing::fresh(noon()),
        Standing { next: Some(Next::Activation), attempts: u32::MAX, error: error.clone(), ..pending() },
        Standing { next: Some(Next::At(at(u64::from(u32::MAX)))), since: at(3), rearmed: true, ..pending() },
        Standing { blocks: true, rearmed: true, attempts: 9, error: error.clone(), ..failed() },
        Standing::handled_at_once(noon()),
        Standing { error, ..handled() },
        standing(WebhookState::Skipped),
    ];
    for (place, standing) in (1..).zip(&all) {
        world.write([keep(webhook("shop", place), standing.clone())]).await;
        assert_eq!(world.webhook(place).await.expect("is there").standing, *standing);
        // The same by way of a change.
        world.write([keep(webhook("shop", place + 100), handled()), settle(place + 100, standing.clone())]).await;
        assert_eq!(world.webhook(place + 100).await.expect("is there").standing, *standing);
    }
}

pub(super) async fn an_id_and_a_place_are_kept_once(world: World) {
    world.write([keep(webhook("shop", 1), handled()), keep_at(2)]).await;
    let same_id = |connection| KeptWebhook { id: webhook_id(1), ..webhook(connection, 3) };
    let same_place = |connection| KeptWebhook { id: webhook_id(3), ..webhook(connection, 1) };
    for connection in ["shop", "shop2"] {
        for again in [webhook(connection, 1), same_id(connection), same_place(connection)] {
            let writes = [set("new", "v"), keep(again, pending())];
            let error = world.commit_to(connection, [], writes).await.expect_err("is there already");
            assert!(matches!(error, CommitError::KeptAlready), "{error:?}");
        }
    }
    let error = world.commit([], [keep_at(3), keep_at(3)]).await.expect_err("twice in one commit");
    assert!(matches!(error, CommitError::KeptAlready), "{error:?}");
    assert_eq!(world.value("new").await, None);
    assert_eq!(world.webhook(1).await, entry(webhook("shop", 1), handled(), 0));
    assert_eq!(world.webhook(3).await, None);
    world.write([keep_at(3)]).await;
}

pub(super) async fn settling_changes_how_it_stands_and_counts_the_change(world: World) {
    world.write([keep(full(), pending()), keep_at(1)]).await;
    let changes = [failed(), Standing { attempts: 2, ..pending() }, handled(), standing(WebhookState::Skipped)];
    for (version, change) in (1..).zip(changes) {
        world.write([settle(5 << 20, change.clone())]).await;
        assert_eq!(world.webhook(5 << 20).await, entry(full(), change, version), "what was received stays");
    }
    assert_eq!(world.webhook(1).await, entry(webhook("shop", 1), pending(), 0), "another one stays");
}

pub(super) async fn what_is_not_there_is_not_settled(world: World) {
    world.write([settle(1, handled()), set("key", "v")]).await;
    assert_eq!(world.webhook(1).await, None);
    assert_eq!(world.value("key").await.as_deref(), Some("v"), "the rest of the commit happens");
}

pub(super) async fn a_webhook_is_settled_by_its_own_connection_only(world: World) {
    world.write([keep_at(1)]).await;
    world.commit_to("shop2", [], [settle(1, handled())]).await.expect("does nothing");
    assert_eq!(world.stands(1).await, Some((WebhookState::Pending, 0)));
    let error = world.commit_to("shop2", [webhook_at(1, 0)], []).await.expect_err("it has no such webhook");
    assert!(matches!(error, CommitError::Moved), "{error:?}");
}

pub(super) async fn a_guard_demands_the_version_of_the_webhook(world: World) {
    world.write([keep_at(1)]).await;
    world.commit([webhook_at(1, 0)], [settle(1, failed())]).await.expect("it has not moved");
    for (place, wrong) in [(1, 0), (1, 2), (2, 0)] {
        let writes = [settle(1, handled()), Write::Mark(mark(1)), world.append("shop", "a.b"), keep_at(3)];
        let error = world.commit([webhook_at(place, wrong)], writes).await.expect_err("it is not so");
        assert!(matches!(error, CommitError::Moved), "{error:?}");
    }
    assert_eq!(world.stands(1).await, Some((WebhookState::Failed, 1)));
    assert!(!world.marked(1).await);
    assert_eq!((world.event_count().await, world.webhook(3).await), (0, None));
    world.commit([webhook_at(1, 1)], [settle(1, handled())]).await.expect("it has not moved");
    assert_eq!(world.stands(1).await, Some((WebhookState::Handled, 2)));
}

pub(super) async fn of_many_commits_that_settle_one_version_exactly_one_wins(world: World) {
    world.write([keep_at(1)]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let writes = [settle(1, handled()), increment("count", 1)];
        let (commit, store) = (commit("shop", noon(), [webhook_at(1, 0)], writes), world.store.clone());
        tasks.spawn(async move { store.commit(commit).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(CommitError::Moved))));
    assert_eq!(world.value("count").await.as_deref(), Some("1"));
    assert_eq!(world.stands(1).await, Some((WebhookState::Handled, 1)));
}

pub(super) async fn a_mark_is_known_while_its_webhook_is_pending_or_failed(world: World) {
    let not_kept = || [Guard::NotKept(mark(1))];
    assert_eq!(world.known(1).await, Known::No);
    world.commit(not_kept(), [keep(marked("shop", 1, 1), pending())]).await.expect("it is not kept");
    for (version, standing) in (0..).zip([pending(), failed(), pending()]) {
        if version > 0 {
            world.write([settle(1, standing.clone())]).await;
        }
        assert_eq!(world.known(1).await, Known::Kept { id: webhook_id(1), standing, version });
        assert_eq!(world.known(2).await, Known::No);
        let error = world.commit(not_kept(), [set("new", "v")]).await.expect_err("it is kept");
        assert!(matches!(error, CommitError::KeptAlready), "{error:?}");
        world.commit([Guard::NotKept(mark(2))], []).await.expect("another one is not");
    }
    assert_eq!(world.value("new").await, None);
}

pub(super) async fn what_has_settled_is_known_by_its_mark_alone(world: World) {
    world.write([keep(marked("shop", 1, 1), pending())]).await;
    for standing in [handled(), standing(WebhookState::Skipped)] {
        world.write([settle(1, standing)]).await;
        assert_eq!(world.known(1).await, Known::No, "the mark is another matter");
        world.commit([Guard::NotKept(mark(1))], []).await.expect("it has settled");
    }
    world.write([Write::Mark(mark(1))]).await;
    assert_eq!(world.known(1).await, Known::Handled);
    world.write([settle(1, pending())]).await;
    let replayed = Known::Kept { id: webhook_id(1), standing: pending(), version: 3 };
    assert_eq!(world.known(1).await, replayed, "what waits comes before the mark");
    assert!(matches!(world.commit([mark_absent(1)], []).await, Err(CommitError::MarkPresent)));
}

pub(super) async fn a_webhook_without_a_dedupe_key_is_never_known(world: World) {
    world.write([keep_at(1), keep(webhook("shop", 2), failed())]).await;
    for number in 0..3 {
        assert_eq!(world.known(number).await, Known::No);
        world.commit([Guard::NotKept(mark(number))], []).await.expect("nothing is kept");
    }
}

pub(super) async fn of_several_with_one_mark_a_pending_one_is_known_and_else_the_newest(world: World) {
    let with = |place, standing| keep(marked("shop", place, 1), standing);
    world.write([with(1, failed()), with(3, failed()), with(2, failed()), with(4, handled())]).await;
    let is_known = async |place| matches!(world.known(1).await, Known::Kept { id, .. } if id == webhook_id(place));
    assert!(is_known(3).await);
    world.write([settle(1, pending())]).await;
    assert!(is_known(1).await);
    world.write([settle(2, pending())]).await;
    assert!(is_known(2).await);
}

pub(super) async fn a_failed_webhook_is_known_longer_than_any_mark(world: World) {
    world.write([keep(marked("shop", 1, 1), failed()), keep(marked("shop", 2, 2), pending())]).await;
    world.clock.advance(DAY * 400);
    world.write([set("any", "v")]).await;
    assert!(matches!(world.known(1).await, Known::Kept { .. }));
    assert!(matches!(world.known(2).await, Known::Kept { .. }));
}

pub(super) async fn of_many_commits_that_keep_one_mark_exactly_one_wins(world: World) {
    let mut tasks = JoinSet::new();
    for place in 1..=50 {
        let guards = [mark_absent(1), Guard::NotKept(mark(1))];
        let commit = commit("shop", noon(), guards, [keep(marked("shop", place, 1), pending())]);
        let store = world.store.clone();
        tasks.spawn(async move { store.commit(commit).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(CommitError::KeptAlready))));
    assert_eq!(world.store.waiting(Place(0), 100).await.expect("reads").len(), 1);
}

pub(super) async fn what_is_kept_can_be_settled_in_the_same_commit(world: World) {
    world.write([keep_at(1), settle(1, failed()), settle(1, handled())]).await;
    assert_eq!(world.stands(1).await, Some((WebhookState::Handled, 2)));
    let error = world.commit([webhook_at(2, 0)], [keep_at(2)]).await.expect_err("guards come first");
    assert!(matches!(error, CommitError::Moved), "{error:?}");
}

pub(super) async fn a_commit_that_is_refused_keeps_and_settles_nothing(world: World) {
    world.write([set("text", "abc"), keep_at(1)]).await;
    let writes = [keep(marked("shop", 2, 2), pending()), settle(1, handled()), increment("text", 1)];
    let error = world.commit([], writes).await.expect_err("text is not a number");
    assert!(matches!(error, CommitError::NotANumber { .. }), "{error:?}");
    assert_eq!((world.webhook(2).await, world.known(2).await), (None, Known::No));
    assert_eq!(world.stands(1).await, Some((WebhookState::Pending, 0)));
    world.write([keep_at(2)]).await;
}

pub(super) async fn a_largest_webhook_fits_beside_a_largest_draft_and_no_larger_one(world: World) {
    let of_size = |bytes: usize| KeptWebhook { body: vec![7; bytes].into(), ..webhook("shop", 1) };
    let draft = (0..4).map(|n| set(&format!("key{n}"), vec![b'x'; limit::COMMIT_BYTES_MAX / 4 - 256]));
    let keep_of = |bytes| keep(of_size(bytes), pending());
    let max = limit::KEPT_WEBHOOK_BYTES_MAX;
    let error = world.commit([], [keep_of(max)]).await.expect_err("its row counts as well");
    assert!(matches!(error, CommitError::TooLarge { bytes, max: said } if bytes > max && said == max), "{error:?}");
    world.commit([], draft.chain([keep_of(max - 64)])).await.expect("fits");
    assert_eq!(world.webhook(1).await, entry(of_size(max - 64), pending(), 0));
}

pub(super) async fn a_closed_store_shows_no_webhook(world: World) {
    world.write([keep_at(1)]).await;
    world.store.close().await;
    let store = &world.store;
    let answers = [
        store.webhook(webhook_id(1)).await.map(drop),
        store.known(mark(1), noon()).await.map(drop),
        store.waiting(Place(0), 1).await.map(drop),
        store.newest_place().await.map(drop),
        store.webhooks(&Default::default(), None, 1).await.map(drop),
        store.inbox_depths().await.map(drop),
    ];
    assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Closed))), "{answers:?}");
    let error = world.commit([], [keep_at(2)]).await.expect_err("is closed");
    assert!(matches!(error, CommitError::Unavailable(StoreError::Closed)), "{error:?}");
}
