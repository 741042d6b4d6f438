use hookyard_domain::commit::{Commit, Owner};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;

use super::{directory, kinds, open};
use crate::contract::world::{commit, held, id, noon, record, set};
use crate::sqlite::SqliteStore;
use crate::{
    CommitError, ConnectionRecords as _, Ledger as _, Life, PluginState, PluginStates as _, SaveConnectionError,
};

fn life(incarnation: u64, deleting: bool) -> Life {
    Life { connection: id("shop"), incarnation: Incarnation(incarnation), deleting }
}

/// Commits to `shop` in one of its lives.
async fn commit_in(store: &SqliteStore, incarnation: u64) -> Result<(), CommitError> {
    let owner = Owner::Connection { id: id("shop"), incarnation: Incarnation(incarnation) };
    let one = Commit { owner, ..commit("shop", noon(), [], [super::append("a.b", 10), set("key", "v")]) };
    store.commit(one).await.map(drop)
}

async fn keys(store: &SqliteStore) -> i64 {
    let count = |database: &rusqlite::Connection| database.query_row("SELECT count(*) FROM kv", [], |row| row.get(0));
    store.writer.write(count).await.expect("reads")
}

#[tokio::test]
async fn a_deletion_goes_on_after_a_restart() {
    let directory = directory();
    let batches = 2;
    let store = open(directory.path());
    store.save_connection(record("shop")).await.expect("keeps");
    for batch in 0..=batches {
        let writes = (0..limit::PURGE_ROWS_MAX).map(|n| set(&format!("{batch}/{n}"), "v"));
        store.commit(commit("shop", noon(), [], writes)).await.expect("commits");
    }
    assert!(store.begin_deletion(&id("shop")).await.expect("begins"));
    drop(store);
    for batch in (1..=batches).rev() {
        let store = open(directory.path());
        assert_eq!(store.lives().await.expect("reads"), [life(0, true)]);
        assert!(matches!(commit_in(&store, 0).await, Err(CommitError::Gone)));
        assert_eq!(store.connection_records().await.expect("reads"), [record("shop")]);
        assert!(store.purge_connection(&id("shop")).await.expect("clears away"));
        assert_eq!(keys(&store).await, (batch * limit::PURGE_ROWS_MAX) as i64);
    }
    let store = open(directory.path());
    assert!(store.purge_connection(&id("shop")).await.expect("clears away"), "the batch was full");
    assert!(!store.purge_connection(&id("shop")).await.expect("clears away"));
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.lives().await.expect("reads"), [life(1, false)]);
    assert_eq!(keys(&store).await, 0);
    assert!(matches!(commit_in(&store, 0).await, Err(CommitError::Gone)));
    commit_in(&store, 1).await.expect("is its present life");
    assert_eq!(kinds(&store).await, ["a.b"]);
}

/// A deletion that fails must not leave the writer in the belief that it has begun, or ended.
#[tokio::test]
async fn a_deletion_that_fails_has_not_happened() {
    let directory = directory();
    let store = open(directory.path());
    store.save_connection(record("shop")).await.expect("keeps");
    commit_in(&store, 0).await.expect("commits");
    let refuse = |table: &str, when: &str| {
        let trigger = format!(
            "CREATE TRIGGER refuse BEFORE {when} ON {table} BEGIN SELECT RAISE(FAIL, 'refused by the test'); END"
        );
        move |database: &rusqlite::Connection| database.execute_batch(&trigger)
    };
    let allow = |database: &rusqlite::Connection| database.execute_batch("DROP TRIGGER refuse");
    store.writer.write(refuse("life", "INSERT")).await.expect("writes");
    store.begin_deletion(&id("shop")).await.expect_err("is refused");
    commit_in(&store, 0).await.expect("the deletion has not begun");
    store.writer.write(allow).await.expect("writes");
    assert!(store.begin_deletion(&id("shop")).await.expect("begins"));
    store.writer.write(refuse("life", "INSERT")).await.expect("writes");
    store.purge_connection(&id("shop")).await.expect_err("is refused");
    assert_eq!(store.connection_records().await.expect("reads"), [record("shop")]);
    assert_eq!(keys(&store).await, 1);
    for incarnation in 0..2 {
        assert!(matches!(commit_in(&store, incarnation).await, Err(CommitError::Gone)));
    }
    store.writer.write(allow).await.expect("writes");
    assert!(!store.purge_connection(&id("shop")).await.expect("clears away"));
    commit_in(&store, 1).await.expect("is its present life");
}

#[tokio::test]
async fn there_are_only_so_many_connections() {
    let directory = directory();
    let store = open(directory.path());
    let max = limit::API_CONNECTIONS_MAX;
    let fill = move |database: &rusqlite::Connection| {
        database.execute(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
             INSERT INTO api_connection (id, plugin, granted, enabled, created_at, updated_at, config)
             SELECT 'shop-' || n, 'aftership', '{}', 1, 0, 0, x'' FROM n",
            [max as i64],
        )
    };
    store.writer.write(fill).await.expect("writes");
    assert_eq!(store.connection_records().await.expect("reads").len(), max);
    let error = store.save_connection(record("more")).await.expect_err("there are too many");
    assert!(matches!(error, SaveConnectionError::TooMany { max: said } if said == max), "{error:?}");
    store.save_connection(record("shop-1")).await.expect("is there already");
    store.begin_deletion(&id("shop-1")).await.expect("begins");
    store.purge_connection(&id("shop-1")).await.expect("clears away");
    store.save_connection(record("more")).await.expect("there is room again");
}

#[tokio::test]
async fn what_was_decided_about_plugins_and_connections_survives_a_restart() {
    let directory = directory();
    let state = PluginState {
        name: "aftership".parse().expect("valid"),
        serving: ContentHash([1; 32]),
        version: "1.0.0".into(),
        paths: vec![("aftership.wasm".into(), ContentHash([1; 32]))],
        previous: Some((ContentHash([2; 32]), "0.9.0".into())),
        pinned: None,
        held_back: vec![ContentHash([3; 32])],
    };
    let store = open(directory.path());
    store.save_plugin_state(state.clone()).await.expect("keeps");
    store.save_connection(record("shop")).await.expect("keeps");
    store.hold_versions(vec![held("shop", 1), held("of-the-file", 2)]).await.expect("keeps");
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.plugin_states().await.expect("reads"), [state]);
    assert_eq!(store.connection_records().await.expect("reads"), [record("shop")]);
    assert_eq!(store.held_versions().await.expect("reads"), [held("of-the-file", 2), held("shop", 1)]);
}
