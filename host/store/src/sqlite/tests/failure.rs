use rusqlite::Connection;

use super::{append, directory, kinds, open};
use crate::contract::world::{commit, noon, set};
use crate::sqlite::SqliteStore;
use crate::{CommitError, Ledger as _, StoreError};

async fn pragma(store: &SqliteStore, name: &'static str) -> i64 {
    store.writer.write(move |database| number(database, name)).await.expect("reads")
}

async fn set_pragma(store: &SqliteStore, name: &'static str, value: i64) {
    let set = move |database: &Connection| database.execute_batch(&format!("PRAGMA {name} = {value}"));
    store.writer.write(set).await.expect("writes");
}

fn number(database: &Connection, name: &str) -> rusqlite::Result<i64> {
    database.pragma_query_value(None, name, |row| row.get(0))
}

#[tokio::test]
async fn a_full_disk_is_said_and_is_over_when_there_is_room() {
    let directory = directory();
    let store = open(directory.path());
    set_pragma(&store, "max_page_count", pragma(&store, "page_count").await + 30).await;
    let mut kept = 0;
    let error = loop {
        let one = commit("shop", noon(), [], [append("a.b", 20_000), set(&format!("key{kept}"), "v")]);
        match store.commit(one).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CommitError::Unavailable(StoreError::Full(_))), "{error:?}");
    assert!(kept > 0);
    assert_eq!(kinds(&store).await.len(), kept, "what was committed stays, and is all there is");
    let newest = store.newest();
    assert_eq!(newest.borrow().0, kept as u64);
    set_pragma(&store, "max_page_count", 1_000_000).await;
    let again = commit("shop", noon(), [], [append("a.c", 20_000)]);
    let committed = store.commit(again).await.expect("there is room");
    assert_eq!(committed.events[0].expect("is appended").0, kept as u64 + 1);
}

#[tokio::test]
async fn the_connection_is_replaced_after_an_error() {
    let directory = directory();
    let store = open(directory.path());
    let usual = pragma(&store, "cache_size").await;
    set_pragma(&store, "cache_size", 7).await;
    assert_eq!(pragma(&store, "cache_size").await, 7);
    let failing = |database: &Connection| database.execute("INSERT INTO absent VALUES (1)", []);
    let error = store.writer.write(failing).await.expect_err("there is no such table");
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
    store.commit(commit("shop", noon(), [], [append("a.b", 10)])).await.expect("commits");
    assert_eq!(pragma(&store, "cache_size").await, usual, "this is another connection");
    assert_eq!(kinds(&store).await, ["a.b"]);
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_damage_and_not_a_panic() {
    let directory = directory();
    let store = open(directory.path());
    store.commit(commit("shop", noon(), [], [append("a.b", 10)])).await.expect("commits");
    let spoil = |database: &Connection| database.execute("UPDATE event SET data = '{'", []);
    store.writer.write(spoil).await.expect("writes");
    let read = store.events(hookyard_domain::event::Offset(0), &Default::default(), 10).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
    store.commit(commit("shop", noon(), [], [append("a.c", 10)])).await.expect("commits");
}
