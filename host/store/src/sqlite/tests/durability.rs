use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use hookyard_domain::clock::ManualClock;
use hookyard_domain::commit::Write;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::Offset;
use hookyard_domain::id::TokenId;

use super::{append, directory, kinds, open};
use crate::contract::world::{DAY, commit, delete, id, key_at, mark, mark_absent, noon, set, set_until};
use crate::sqlite::SqliteStore;
use crate::{ApiToken, HostKeys as _, Ledger as _, Store as _, Tokens as _};

#[tokio::test]
async fn a_store_that_is_opened_again_has_everything() {
    let directory = directory();
    let token = ApiToken {
        id: TokenId::new(noon(), &SeededEntropy::new(1)),
        name: "laptop".into(),
        hash: [7; 32],
        created_at: noon(),
    };
    {
        let store = open(directory.path());
        let writes = [Write::Mark(mark(1)), append("a.b", 10), set("key", "value")];
        store.commit(commit("shop", noon(), [], writes)).await.expect("commits");
        store.host_key("hash", [9; 32]).await.expect("keeps");
        store.add_token(token.clone()).await.expect("keeps");
    }
    let store = open(directory.path());
    assert_eq!(*store.newest().borrow(), Offset(1));
    assert_eq!(kinds(&store).await, ["a.b"]);
    assert!(store.marked(mark(1), noon()).await.expect("reads"));
    assert!(store.commit(commit("shop", noon(), [mark_absent(1)], [])).await.is_err());
    let entries = store.get_many(&id("shop"), &["key".to_owned()], noon()).await.expect("reads");
    assert_eq!(entries[0].as_ref().expect("is there").value, b"value");
    assert_eq!(store.host_key("hash", [1; 32]).await.expect("keeps"), [9; 32]);
    assert_eq!(store.tokens().await.expect("reads"), [token]);
    let committed = store.commit(commit("shop", noon(), [], [append("a.c", 10)])).await.expect("commits");
    assert_eq!(committed.events, [Some(Offset(2))]);
}

#[tokio::test]
async fn what_was_committed_survives_a_process_that_is_killed() {
    let (directory, copy) = (directory(), directory());
    let store = open(directory.path());
    store.commit(commit("shop", noon(), [], [append("a.b", 10), set("key", "v")])).await.expect("commits");
    // What a killed process leaves: the files as they are now, without an orderly end.
    for file in ["hookyard.db", "hookyard.db-wal"] {
        fs::copy(directory.path().join(file), copy.path().join(file)).expect("copies");
    }
    let survivor = open(copy.path());
    assert_eq!(kinds(&survivor).await, ["a.b"]);
    let entries = survivor.get_many(&id("shop"), &["key".to_owned()], noon()).await.expect("reads");
    assert!(entries[0].is_some());
}

#[tokio::test]
async fn a_revision_is_never_given_twice_even_after_a_restart() {
    let directory = directory();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let store = open(directory.path());
        store.commit(commit("shop", noon(), [], [set("key", "v")])).await.expect("commits");
        let entries = store.get_many(&id("shop"), &["key".to_owned()], noon()).await.expect("reads");
        let revision = entries[0].as_ref().expect("is there").revision;
        assert!(!seen.contains(&revision), "{revision:?} in {seen:?}");
        seen.push(revision);
        let deletion = commit("shop", noon(), [key_at("key", Some(revision))], [delete("key")]);
        store.commit(deletion).await.expect("it has not moved");
        store.close().await;
    }
}

#[tokio::test]
async fn closing_makes_everything_durable_that_was_accepted() {
    let directory = directory();
    let store = Arc::new(open(directory.path()));
    let mut commits = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = store.clone();
        commits.spawn(async move { store.commit(commit("shop", noon(), [], [append("a.b", 10)])).await });
    }
    tokio::task::yield_now().await;
    store.close().await;
    let answered = commits.join_all().await.iter().filter(|result| result.is_ok()).count();
    drop(store);
    assert_eq!(kinds(&open(directory.path())).await.len(), answered);
    assert!(!directory.path().join("hookyard.db-wal").exists(), "the log is copied and gone");
}

#[tokio::test]
async fn what_the_store_makes_is_private_to_its_user() {
    let parent = directory();
    let path = parent.path().join("deep/data");
    let store = open(&path);
    store.commit(commit("shop", noon(), [], [set("key", "v")])).await.expect("commits");
    assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o700);
    let mut files = 0;
    for entry in fs::read_dir(&path).expect("is there") {
        let entry = entry.expect("is there");
        let mode = entry.metadata().expect("is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        files += 1;
    }
    assert_eq!(files, 4, "lock, database, log and its index");
}

#[tokio::test]
async fn what_has_expired_is_cleared_away_while_the_store_runs() {
    let directory = directory();
    let store = open(directory.path());
    let retained = set_until("short", "v", noon().after(DAY));
    store
        .commit(commit("shop", noon(), [], [Write::Mark(mark(1)), retained, set("long", "v")]))
        .await
        .expect("commits");
    drop(store);
    let later = Arc::new(ManualClock::at(noon().after(DAY * 9)));
    let store = SqliteStore::open(directory.path(), later).expect("opens");
    let rows = |database: &rusqlite::Connection| -> rusqlite::Result<(i64, i64)> {
        database.query_row("SELECT (SELECT count(*) FROM mark), (SELECT count(*) FROM kv)", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    };
    // Batches run between these questions, whenever none waits.
    for _ in 0..10_000 {
        if store.writer.write(rows).await.expect("reads") == (0, 1) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing has been cleared away");
}
