use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use hookyard_domain::clock::ManualClock;
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::Offset;
use hookyard_domain::id::TokenId;
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord, StoredAnswer};
use hookyard_domain::inbox::Place;

use super::{append, database, directory, kinds, open};
use crate::contract::deliveries::{delivery, subscription_id};
use crate::contract::kept::keep_at;
use crate::contract::subscriptions::record;
use crate::contract::world::{DAY, commit, consent, delete, id, key_at, mark, mark_absent, noon, set, set_until};
use crate::sqlite::SqliteStore;
use crate::sqlite::schema::{APPLICATION_ID, MIGRATIONS, migrate};
use crate::{
    ApiToken, ConnectionRecords as _, Consents as _, Deliveries as _, HostKeys as _, Inbox as _, Ledger as _,
    Store as _, Subscriptions as _, Tokens as _,
};

/// A record of a run that has begun, and of one that was answered.
fn records() -> [(IdempotencyId, IdempotencyRecord); 2] {
    let started = IdempotencyRecord { request: [7; 32], attempt: 1, answer: None, expires_at: noon().after(DAY) };
    let answer = StoredAnswer { status: 200, content_type: "application/json".into(), body: vec![b'1'; 9_000].into() };
    let answered = IdempotencyRecord { answer: Some(answer), ..started.clone() };
    [(IdempotencyId([1; 16]), started), (IdempotencyId([2; 16]), answered)]
}

fn keep((id, record): (IdempotencyId, IdempotencyRecord)) -> Write {
    Write::Idempotency { id, record: Box::new(record) }
}

async fn assert_has_records(store: &SqliteStore) {
    for (key, record) in records() {
        assert_eq!(store.idempotency(&id("shop"), key, noon()).await.expect("reads"), Some(record));
    }
}

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
        store.commit(commit("shop", noon(), [], records().map(keep))).await.expect("commits");
        store.record_consent(consent("shop", "{}")).await.expect("keeps");
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
    assert_has_records(&store).await;
    assert_eq!(store.consent(&id("shop")).await.expect("reads"), Some(consent("shop", "{}")));
    let committed = store.commit(commit("shop", noon(), [], [append("a.c", 10)])).await.expect("commits");
    assert_eq!(committed.events, [Some(Offset(2))]);
}

#[tokio::test]
async fn what_was_committed_survives_a_process_that_is_killed() {
    let (directory, copy) = (directory(), directory());
    let store = open(directory.path());
    store.commit(commit("shop", noon(), [], [append("a.b", 10), set("key", "v")])).await.expect("commits");
    store.commit(commit("shop", noon(), [], records().map(keep))).await.expect("commits");
    store.record_consent(consent("shop", "{}")).await.expect("keeps");
    // What a killed process leaves: the files as they are now, without an orderly end.
    for file in ["hookyard.db", "hookyard.db-wal"] {
        fs::copy(directory.path().join(file), copy.path().join(file)).expect("copies");
    }
    let survivor = open(copy.path());
    assert_eq!(kinds(&survivor).await, ["a.b"]);
    let entries = survivor.get_many(&id("shop"), &["key".to_owned()], noon()).await.expect("reads");
    assert!(entries[0].is_some());
    assert_has_records(&survivor).await;
    assert_eq!(survivor.consent(&id("shop")).await.expect("reads"), Some(consent("shop", "{}")));
}

#[tokio::test]
async fn a_database_of_any_former_version_goes_on_with_what_it_has() {
    for had in 1..MIGRATIONS.len() {
        goes_on_after(had).await;
    }
}

/// A database that has had so many migrations.
async fn goes_on_after(had: usize) {
    let directory = directory();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).expect("the mode can be set");
    let mut older = database(directory.path());
    older.pragma_update(None, "application_id", APPLICATION_ID).expect("writes");
    migrate(&mut older, &MIGRATIONS[..had]).expect("migrates");
    older
        .execute_batch(
            "INSERT INTO connection (id, name) VALUES (1, 'shop');
             INSERT INTO event (connection, plugin, kind, id, plugin_version, time, hops, data)
             VALUES (1, 'aftership', 'a.b', x'00112233445566778899aabbccddeeff', '1.0.0', '2026-03-04T09:41:12Z', 0, '{}');
             INSERT INTO kv (connection, key, revision, value) VALUES (1, 'key', 1, x'76');
             UPDATE sequence SET next = 2 WHERE name = 'revision';",
        )
        .expect("writes");
    drop(older);
    let store = open(directory.path());
    assert_has_what_was_written(&store).await;
    let timer = Write::StartTimer { name: "poll".to_owned(), due_at: noon(), payload: "{}".to_owned() };
    let committed =
        store.commit(commit("shop", noon(), [], [keep_at(1), timer, set("key", "w")])).await.expect("keeps");
    assert_eq!(committed.timers.len(), 1);
    assert_eq!(store.waiting(Place(0), 10).await.expect("reads").len(), 1);
    let entries = store.get_many(&id("shop"), &["key".to_owned()], noon()).await.expect("reads");
    assert!(entries[0].as_ref().expect("is there").revision.0 > 1, "it is not given twice");
    store.commit(commit("shop", noon(), [], records().map(keep))).await.expect("commits");
    store.record_consent(consent("shop", "{}")).await.expect("keeps");
    subscribe(&store).await;
    drop(store);
    let store = open(directory.path());
    assert_is_subscribed(&store).await;
    assert_has_records(&store).await;
    assert_eq!(store.timer_names(&id("shop")).await.expect("reads"), ["poll"]);
}

async fn assert_has_what_was_written(store: &SqliteStore) {
    let entries = store.get_many(&id("shop"), &["key".to_owned()], noon()).await.expect("reads");
    assert_eq!(entries[0].as_ref().expect("is there").value, b"v");
    let events = store.events(Offset::START, &Default::default(), 10).await.expect("reads").events;
    assert_eq!(events[0].event.origin.connection(), Some(&id("shop")));
    assert_eq!(store.lives().await.expect("reads"), []);
    assert_eq!(store.waiting(Place(0), 10).await.expect("reads"), []);
}

/// Makes a subscription that has a delivery.
async fn subscribe(store: &SqliteStore) {
    store.save_subscription(record("a"), Offset(1)).await.expect("keeps");
    let commit_of_host = Commit { owner: Owner::Host, ..commit("shop", noon(), [], [delivery("a", 2)]) };
    store.commit(commit_of_host).await.expect("keeps");
}

async fn assert_is_subscribed(store: &SqliteStore) {
    assert_eq!(store.positions().await.expect("reads")[0].cursor, Offset(1));
    assert_eq!(store.kept_after(&subscription_id("a"), Offset(0), 10).await.expect("reads"), [Offset(2)]);
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
    store.commit(commit("shop", noon(), [], records().map(keep))).await.expect("commits");
    drop(store);
    let later = Arc::new(ManualClock::at(noon().after(DAY * 9)));
    let store = SqliteStore::open(directory.path(), later).expect("opens");
    let rows = |database: &rusqlite::Connection| -> rusqlite::Result<(i64, i64, i64)> {
        database.query_row(
            "SELECT (SELECT count(*) FROM mark), (SELECT count(*) FROM kv), (SELECT count(*) FROM idempotency)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    };
    // Batches run between these questions, whenever none waits.
    for _ in 0..10_000 {
        if store.writer.write(rows).await.expect("reads") == (0, 1, 0) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing has been cleared away");
}
