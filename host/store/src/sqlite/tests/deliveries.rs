use std::sync::Arc;

use hookyard_domain::clock::ManualClock;
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::event::Offset;
use hookyard_domain::subscription::Position;
use rusqlite::Connection;

use super::{directory, open};
use crate::contract::deliveries::{deliver, delivery, failed_once, in_state, subscription_id};
use crate::contract::subscriptions::record;
use crate::contract::world::noon;
use crate::sqlite::SqliteStore;
use crate::{Deliveries as _, Ledger as _, Store as _, Subscriptions as _};

async fn commit(store: &SqliteStore, writes: impl IntoIterator<Item = Write>) {
    let commit = Commit { owner: Owner::Host, at: noon(), guards: Vec::new(), writes: writes.into_iter().collect() };
    store.commit(commit).await.expect("commits");
}

async fn subscribe(store: &SqliteStore, name: &str) {
    store.save_subscription(record(name), Offset(0)).await.expect("keeps");
}

/// Rows of deliveries, and subscriptions of which some may be left.
async fn rows(store: &SqliteStore) -> (i64, i64) {
    let counted = |database: &Connection| {
        let sql = "SELECT (SELECT count(*) FROM delivery), (SELECT count(*) FROM removed_subscription)";
        database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
    };
    store.writer.write(counted).await.expect("reads")
}

#[tokio::test]
async fn a_store_that_is_opened_again_knows_how_far_subscriptions_have_come() {
    let directory = directory();
    let (store, a) = (open(directory.path()), subscription_id("a"));
    subscribe(&store, "a").await;
    let position =
        Position { subscription: a.clone(), cursor: Offset(7), replays: 2, failing_since: Some(noon()), paused: None };
    let exhausted = in_state("a", 5, DeliveryState::Exhausted, 3);
    commit(&store, [Write::Advance(Box::new(position.clone())), delivery("a", 6), deliver(exhausted.clone())]).await;
    store.close().await;
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.subscription_records().await.expect("reads"), [record("a")]);
    assert_eq!(store.positions().await.expect("reads"), [position]);
    assert_eq!(store.delivery(exhausted.id).await.expect("reads"), Some(exhausted));
    assert_eq!(store.delivery_at(&a, Offset(6)).await.expect("reads"), Some(failed_once("a", 6)));
    assert_eq!(store.pending(&a, Offset(0), 10).await.expect("reads").len(), 1);
}

#[tokio::test]
async fn what_a_removed_subscription_leaves_goes_in_batches_and_nothing_else_does() {
    let directory = directory();
    let clock = Arc::new(ManualClock::at(noon()));
    let store = SqliteStore::open(directory.path(), clock.clone()).expect("opens");
    subscribe(&store, "a").await;
    subscribe(&store, "b").await;
    commit(&store, (1..=500).map(|offset| delivery("a", offset))).await;
    commit(&store, [delivery("b", 1)]).await;
    assert!(store.remove_subscription(&subscription_id("a")).await.expect("removes"));
    subscribe(&store, "a").await;
    commit(&store, [delivery("a", 1), delivery("a", 2)]).await;
    clock.advance(hookyard_domain::limit::RETENTION_LAG_MAX * 2);
    // Batches run between these questions, whenever none waits.
    for _ in 0..10_000 {
        if rows(&store).await == (3, 0) {
            assert_eq!(
                store.delivery_at(&subscription_id("b"), Offset(1)).await.expect("reads"),
                Some(failed_once("b", 1))
            );
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{:?} are left", rows(&store).await);
}

#[tokio::test]
async fn the_number_of_the_newest_subscription_is_not_given_again() {
    let directory = directory();
    let store = open(directory.path());
    let number = async |name: &'static str| {
        let sql = "SELECT number FROM subscription WHERE name = ?1";
        let found = move |database: &Connection| database.query_row(sql, [name], |row| row.get::<_, i64>(0));
        store.writer.write(found).await.expect("is there")
    };
    subscribe(&store, "a").await;
    let before = number("a").await;
    store.remove_subscription(&subscription_id("a")).await.expect("removes");
    subscribe(&store, "a").await;
    assert!(number("a").await > before);
}
