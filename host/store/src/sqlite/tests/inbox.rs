//! The inbox and the timers on disk: what outlives the process, and what the writer knows by heart.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use hookyard_domain::clock::ManualClock;
use hookyard_domain::commit::{Commit, Write};
use hookyard_domain::entropy::{Entropy as _, SeededEntropy};
use hookyard_domain::inbox::{Known, Place, Standing, WebhookState};
use hookyard_domain::limit;
use hookyard_domain::timer::Generation;
use hookyard_domain::webhook::KeptWebhook;
use rusqlite::Connection;

use super::{append, directory, open};
use crate::contract::kept::{failed, handled, keep, keep_at, marked, pending, settle, standing, webhook, webhook_id};
use crate::contract::world::{commit, id, increment, mark, mark_absent, noon, record, set};
use crate::inbox_room::InboxRoom;
use crate::sqlite::group::commit_group;
use crate::sqlite::schema::{MIGRATIONS, migrate};
use crate::sqlite::state::WriterState;
use crate::sqlite::{SqliteSettings, SqliteStore, connection_rows, deletion, inbox_rows};
use crate::{
    CommitError, Inbox as _, InboxBounds, InboxSettings, InboxUse, Ledger as _, Store as _, StoreError, Timers as _,
};

fn bounds(webhooks: u64) -> InboxBounds {
    let of_connection = InboxUse { webhooks, bytes: 1_000_000_000 };
    InboxBounds { of_connection, of_all: InboxUse { webhooks: webhooks * 2, ..of_connection } }
}

/// Opens a store in which each connection may have so many webhooks.
fn open_with(directory: &Path, webhooks: u64) -> SqliteStore {
    let inbox = InboxSettings { bounds: bounds(webhooks), ..InboxSettings::default() };
    let settings = SqliteSettings { inbox, ..SqliteSettings::default() };
    SqliteStore::open_with(directory, Arc::new(ManualClock::at(noon())), &settings).expect("opens")
}

async fn write(store: &SqliteStore, writes: impl IntoIterator<Item = Write>) -> Result<(), CommitError> {
    store.commit(commit("shop", noon(), [], writes)).await.map(drop)
}

fn start(name: &str) -> Write {
    Write::StartTimer { name: name.to_owned(), due_at: noon(), payload: "{}".to_owned() }
}

#[tokio::test]
async fn an_inbox_that_is_opened_again_has_everything_and_as_much_room_as_before() {
    let (directory, copy) = (directory(), directory());
    let store = open_with(directory.path(), 3);
    write(&store, [keep(marked("shop", 1, 1), pending()), keep(webhook("shop", 2), failed())]).await.expect("commits");
    write(&store, [keep(webhook("shop", 3), handled()), settle(1, failed()), start("poll")]).await.expect("commits");
    // What a killed process leaves: the files as they are now, without an orderly end.
    for file in ["hookyard.db", "hookyard.db-wal"] {
        fs::copy(directory.path().join(file), copy.path().join(file)).expect("copies");
    }
    store.close().await;
    drop(store);
    for path in [directory.path(), copy.path()] {
        let store = open_with(path, 3);
        let entry = store.webhook(webhook_id(1)).await.expect("reads").expect("is there");
        assert_eq!((entry.webhook, entry.standing, entry.version), (marked("shop", 1, 1), failed(), 1));
        let known = store.known(mark(1), noon()).await.expect("reads");
        assert_eq!(known, Known::Kept { id: webhook_id(1), standing: failed(), version: 1 });
        assert_eq!(store.newest_place().await.expect("reads"), Place(3));
        assert!(store.timer(&id("shop"), "poll").await.expect("reads").is_some());
        write(&store, [keep_at(4)]).await.expect("there is room for one");
        assert!(matches!(write(&store, [keep_at(5)]).await, Err(CommitError::InboxFull)));
    }
}

#[tokio::test]
async fn a_generation_is_never_given_twice_even_after_a_restart() {
    let directory = directory();
    let mut given: Vec<Generation> = Vec::new();
    for round in 0..3 {
        let store = open(directory.path());
        let starts = [start("poll"), set("key", "v"), start("poll"), start("other")];
        given.extend(store.commit(commit("shop", noon(), [], starts)).await.expect("commits").timers);
        let ends = ["poll", "other"].map(|name| Write::CancelTimer { name: name.to_owned() });
        write(&store, ends).await.expect("commits");
        if round == 1 {
            // A connection that is replaced loads what it knows anew.
            let failing = |database: &Connection| database.execute("INSERT INTO absent VALUES (1)", []);
            store.writer.write(failing).await.expect_err("there is no such table");
        }
        given.extend(store.commit(commit("shop2", noon(), [], [start("poll")])).await.expect("commits").timers);
    }
    assert_eq!(given.len(), 12);
    assert!(given.is_sorted_by(|one, next| one < next), "{given:?}");
}

#[tokio::test]
async fn a_full_disk_takes_no_room_in_the_inbox() {
    let directory = directory();
    let store = open_with(directory.path(), 100);
    let pages: i64 = store
        .writer
        .write(|database| database.pragma_query_value(None, "page_count", |row| row.get(0)))
        .await
        .expect("reads");
    let limit_pages =
        |max: i64| move |database: &Connection| database.execute_batch(&format!("PRAGMA max_page_count = {max}"));
    store.writer.write(limit_pages(pages + 40)).await.expect("is set");
    let large = |place| keep(KeptWebhook { body: vec![7; 20_000].into(), ..webhook("shop", place) }, pending());
    let mut place = 0;
    let error = loop {
        match write(&store, [large(place + 1)]).await {
            Ok(()) => place += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CommitError::Unavailable(StoreError::Full(_))), "{error:?}");
    assert!(place > 0 && place < 50, "{place}");
    for _ in 0..100 {
        write(&store, [large(place + 1)]).await.expect_err("is full");
    }
    store.writer.write(limit_pages(1_000_000)).await.expect("is set");
    while place < 100 {
        place += 1;
        write(&store, [large(place)]).await.expect("there is room, on the disk and in the inbox");
    }
    assert!(matches!(write(&store, [large(101)]).await, Err(CommitError::InboxFull)));
}

#[tokio::test]
async fn a_row_of_the_inbox_that_makes_no_sense_is_damage_and_not_a_panic() {
    let damages = [
        "UPDATE inbox SET state = 7",
        "UPDATE inbox SET attempts = -1",
        "UPDATE inbox SET connection = 77",
        "UPDATE inbox_content SET source = 9",
        "UPDATE inbox_content SET remote_address = 'here'",
        "UPDATE inbox_content SET headers = x'00000001'",
        "UPDATE inbox_content SET headers = x'0000000161'",
        "UPDATE inbox_content SET sensitive_headers = x'00000001ff'",
        "DELETE FROM inbox_content",
    ];
    for damage in damages {
        let directory = directory();
        let store = open(directory.path());
        write(&store, [keep_at(1)]).await.expect("commits");
        store.writer.write(move |database| database.execute(damage, [])).await.expect("writes");
        let read = store.webhook(webhook_id(1)).await;
        assert!(matches!(read, Err(StoreError::Damaged(_))), "{damage}: {read:?}");
        let read = store.webhooks(&Default::default(), None, 10).await;
        assert!(matches!(read, Err(StoreError::Damaged(_))), "{damage}: {read:?}");
        write(&store, [keep_at(2)]).await.expect("the store goes on");
    }
}

#[test]
fn a_commit_without_webhooks_and_timers_has_nothing_to_do_with_their_tables() {
    let (database, mut state) = database(bounds(10));
    database.execute_batch("DROP TABLE inbox; DROP TABLE inbox_content; DROP TABLE timer").expect("drops");
    let mut happens = |commit: Commit| {
        let outcomes = commit_group(&database, &mut state, [commit].iter(), || {}).expect("the group commits");
        outcomes.into_iter().for_each(|outcome| drop(outcome.expect("none of their tables is there")));
    };
    happens(commit("shop", noon(), [], [set("key", "1"), increment("key", 1)]));
    database.execute_batch("DROP TABLE sequence; DROP TABLE kv; DROP TABLE idempotency").expect("drops");
    happens(commit("shop", noon(), [mark_absent(1)], [Write::Mark(mark(1)), append("a.b", 10)]));
    let kept = [commit("shop", noon(), [], [keep_at(1)])];
    commit_group(&database, &mut state, kept.iter(), || {}).expect_err("or this could not fail");
}

fn database(bounds: InboxBounds) -> (Connection, WriterState) {
    let mut database = Connection::open_in_memory().expect("opens");
    migrate(&mut database, MIGRATIONS).expect("migrates");
    let state = WriterState::load(&database, bounds).expect("loads");
    (database, state)
}

/// Commits of any kind, some of which are refused.
struct Anything(SeededEntropy);

impl Anything {
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_be_bytes(bytes) % bound
    }

    fn standing(&self) -> Standing {
        standing(WebhookState::ALL[self.below(4) as usize])
    }

    fn write(&self, connection: &str) -> Write {
        let place = 1 + self.below(60);
        match self.below(9) {
            0..4 => {
                let body = vec![7; self.below(100) as usize].into();
                keep(KeptWebhook { body, ..webhook(connection, place) }, self.standing())
            }
            4..8 => settle(place, self.standing()),
            _ => increment(["text", "number"][self.below(2) as usize], 1),
        }
    }

    fn commit(&self) -> Commit {
        let connection = ["shop", "shop2"][self.below(2) as usize];
        commit(connection, noon(), [], (0..=self.below(3)).map(|_| self.write(connection)))
    }
}

/// By heart and by looking: both must say the same after whatever has happened.
#[test]
fn what_the_writer_knows_of_the_inbox_is_what_is_there() {
    let bounds = bounds(12);
    let (database, mut state) = database(bounds);
    connection_rows::save(&database, &record("shop2")).expect("saves").expect("saves");
    let texts = ["shop", "shop2"].map(|connection| commit(connection, noon(), [], [set("text", "abc")]));
    commit_group(&database, &mut state, texts.iter(), || {}).expect("commits");
    let anything = Anything(SeededEntropy::new(11));
    let mut refusals: HashMap<&str, usize> = HashMap::new();
    for round in 0..400 {
        let commits: Vec<Commit> = (0..=anything.below(4)).map(|_| anything.commit()).collect();
        for outcome in commit_group(&database, &mut state, commits.iter(), || {}).expect("commits") {
            let outcome = match outcome {
                Ok(_) => "none",
                Err(CommitError::InboxFull) => "full",
                Err(CommitError::KeptAlready) => "kept",
                Err(CommitError::NotANumber { .. }) => "number",
                Err(other) => panic!("{other:?}"),
            };
            *refusals.entry(outcome).or_default() += 1;
        }
        match round % 40 {
            10 => drop(inbox_rows::delete_settled(&database, noon(), 5).expect("clears away")),
            20 => {
                let kept = inbox_rows::unsettled(&database).expect("reads");
                // Not a deletion to its end, after which commits would have to name another life.
                let number = *kept.keys().max().expect("something is kept");
                let mut room = state.inbox.for_commit(&number);
                let mut batch = crate::purge_batch::PurgeBatch::default();
                inbox_rows::purge(&database, number, &mut batch, |bytes| room.forget(bytes)).expect("purges");
                state.inbox.set(number, room);
            }
            _ => {}
        }
        let there = InboxRoom::new(bounds, inbox_rows::unsettled(&database).expect("reads"));
        assert_eq!(state.inbox, there, "round {round}");
    }
    assert!(["none", "full", "kept", "number"].iter().all(|kind| refusals[kind] > 10), "{refusals:?}");
    assert!(deletion::begin(&database, &mut state, &id("shop2")).expect("begins"));
    while deletion::purge(&database, &mut state, &id("shop2")).expect("purges") {}
    let there = InboxRoom::new(bounds, inbox_rows::unsettled(&database).expect("reads"));
    assert_eq!(state.inbox, there, "after a deletion");
}

/// A host that starts after a long outage of a provider.
#[tokio::test]
async fn a_hundred_thousand_that_wait_are_listed_page_by_page() {
    let (directory, all) = (directory(), 100_000);
    let store = open(directory.path());
    write(&store, [keep_at(1)]).await.expect("commits");
    let fill = move |database: &Connection| {
        database.execute(
            "WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
             INSERT INTO inbox (place, id, connection, state, version, attempts, next_at, since, rearmed, blocks,
                                received_at, bytes, order_key)
             SELECT n, randomblob(16), 1, 0, 0, 0, 0, 0, 0, 0, 0, 100, 'order ' || n % 1000 FROM n",
            [all],
        )
    };
    store.writer.write(fill).await.expect("writes");
    drop(store);
    let began = Instant::now();
    let store = open(directory.path());
    let opened = began.elapsed();
    let (mut after, mut listed) = (Place(0), 0);
    loop {
        let page = store.waiting(after, limit::WEBHOOKS_PAGE_MAX).await.expect("reads");
        assert!(page.iter().map(|waiting| waiting.place).is_sorted_by(|one, next| one < next));
        listed += page.len();
        match page.last() {
            Some(last) if page.len() == limit::WEBHOOKS_PAGE_MAX => after = last.place,
            _ => break,
        }
    }
    println!("opening with {all} pending webhooks took {opened:?}, listing them {:?}", began.elapsed() - opened);
    assert_eq!(listed, all as usize);
    let depths = store.inbox_depths().await.expect("reads");
    assert_eq!(depths[0].pending, all as u64);
    assert!(
        matches!(write(&store, [keep_at(u64::from(u32::MAX))]).await, Err(CommitError::InboxFull)),
        "as many as may be"
    );
}
