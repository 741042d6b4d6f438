//! What a promise is tested in: a fresh store, a clock, and short words for commits.

use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::clock::{Clock, ManualClock, Timestamp};
use hookyard_domain::commit::{Commit, Committed, Guard, MarkKey, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::{Event, EventOrigin, Offset};
use hookyard_domain::id::{ConnectionId, EventId};
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord};
use hookyard_domain::kv::{KvEntry, Revision};
use hookyard_domain::plugin::{ContentHash, PluginVersion};
use serde_json::value::RawValue;

use crate::memory::MemoryStore;
use crate::sqlite::{SqliteSettings, SqliteStore};
use crate::{CommitError, ConnectionRecord, Consent, HeldVersion, InboxSettings, Store};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Noon of some day, so that a few hours stay within it.
pub(crate) fn noon() -> Timestamp {
    Timestamp::from_millis(0).after(DAY * 20_000 + DAY / 2)
}

pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    entropy: SeededEntropy,
    directory: Option<tempfile::TempDir>,
}

impl World {
    pub(crate) fn in_memory() -> Self {
        Self::in_memory_with(InboxSettings::default())
    }

    fn in_memory_with(inbox: InboxSettings) -> Self {
        let clock = Arc::new(ManualClock::at(noon()));
        let store = Arc::new(MemoryStore::with_inbox(clock.clone(), inbox));
        Self { store, clock, entropy: SeededEntropy::new(1), directory: None }
    }

    pub(crate) fn on_disk() -> Self {
        Self::on_disk_with(InboxSettings::default())
    }

    fn on_disk_with(inbox: InboxSettings) -> Self {
        let clock = Arc::new(ManualClock::at(noon()));
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let settings = SqliteSettings { inbox, ..SqliteSettings::default() };
        let store = Arc::new(SqliteStore::open_with(directory.path(), clock.clone(), &settings).expect("opens"));
        Self { store, clock, entropy: SeededEntropy::new(1), directory: Some(directory) }
    }

    /// A fresh world of the same kind with another inbox.
    pub(crate) fn with_inbox(self, inbox: InboxSettings) -> Self {
        if self.directory.is_some() { Self::on_disk_with(inbox) } else { Self::in_memory_with(inbox) }
    }

    pub(crate) fn event(&self, connection: &str, kind: &str, subject: Option<&str>) -> Box<Event> {
        Box::new(Event {
            id: EventId::new(noon(), &self.entropy),
            origin: EventOrigin::Connection {
                id: id(connection),
                plugin: PluginVersion { name: "aftership".parse().expect("valid"), version: "1.0.0".into() },
            },
            kind: kind.to_owned(),
            subject: subject.map(str::to_owned),
            time: noon().into(),
            data: RawValue::from_string("{}".into()).expect("valid"),
            webhook: None,
            traceparent: None,
            hops: 0,
        })
    }

    /// An event of the host itself.
    pub(crate) fn host_event(&self, kind: &str) -> Box<Event> {
        Box::new(Event { origin: EventOrigin::Host, ..*self.event("shop", kind, Some("aftership")) })
    }

    /// Appends an event without a dedupe mark.
    pub(crate) fn append(&self, connection: &str, kind: &str) -> Write {
        Write::Append { event: self.event(connection, kind, None), dedupe: None }
    }

    /// Commits to the connection `shop` at the clock's time.
    pub(crate) async fn commit(
        &self,
        guards: impl IntoIterator<Item = Guard>,
        writes: impl IntoIterator<Item = Write>,
    ) -> Result<Committed, CommitError> {
        self.commit_to("shop", guards, writes).await
    }

    pub(crate) async fn commit_to(
        &self,
        connection: &str,
        guards: impl IntoIterator<Item = Guard>,
        writes: impl IntoIterator<Item = Write>,
    ) -> Result<Committed, CommitError> {
        self.store.commit(commit(connection, self.clock.now(), guards, writes)).await
    }

    /// Commits to a connection in one of its lives.
    pub(crate) async fn commit_in(
        &self,
        connection: &str,
        incarnation: u64,
        writes: impl IntoIterator<Item = Write>,
    ) -> Result<Committed, CommitError> {
        let owner = Owner::Connection { id: id(connection), incarnation: Incarnation(incarnation) };
        self.store.commit(Commit { owner, ..commit(connection, self.clock.now(), [], writes) }).await
    }

    /// Commits events of the host itself.
    pub(crate) async fn commit_of_host(
        &self,
        guards: impl IntoIterator<Item = Guard>,
        writes: impl IntoIterator<Item = Write>,
    ) -> Result<Committed, CommitError> {
        self.store.commit(Commit { owner: Owner::Host, ..commit("shop", self.clock.now(), guards, writes) }).await
    }

    /// Deletes a connection and clears it away; says in how many batches.
    pub(crate) async fn delete(&self, connection: &str) -> usize {
        assert!(self.store.begin_deletion(&id(connection)).await.expect("begins"), "{connection} is not there");
        let mut batches = 1;
        while self.store.purge_connection(&id(connection)).await.expect("clears away") {
            batches += 1;
        }
        batches
    }

    pub(crate) async fn save(&self, connection: &str) {
        self.store.save_connection(record(connection)).await.expect("keeps");
    }

    pub(crate) async fn write(&self, writes: impl IntoIterator<Item = Write>) -> Committed {
        self.commit([], writes).await.expect("commits")
    }

    pub(crate) async fn entry(&self, key: &str) -> Option<KvEntry> {
        let mut entries = self.store.get_many(&id("shop"), &[key.to_owned()], self.clock.now()).await.expect("reads");
        assert_eq!(entries.len(), 1);
        entries.remove(0)
    }

    /// The value of a key, as text.
    pub(crate) async fn value(&self, key: &str) -> Option<String> {
        self.entry(key).await.map(|entry| String::from_utf8(entry.value).expect("is text"))
    }

    pub(crate) async fn revision(&self, key: &str) -> Option<Revision> {
        self.entry(key).await.map(|entry| entry.revision)
    }

    pub(crate) async fn marked(&self, number: u8) -> bool {
        self.store.marked(mark(number), self.clock.now()).await.expect("reads")
    }

    pub(crate) async fn idempotency(&self, record: IdempotencyId) -> Option<IdempotencyRecord> {
        self.store.idempotency(&id("shop"), record, self.clock.now()).await.expect("reads")
    }

    pub(crate) async fn event_count(&self) -> usize {
        self.store.events(Offset::START, &Default::default(), 1_000).await.expect("reads").events.len()
    }
}

pub(crate) fn commit(
    connection: &str,
    at: Timestamp,
    guards: impl IntoIterator<Item = Guard>,
    writes: impl IntoIterator<Item = Write>,
) -> Commit {
    let owner = Owner::Connection { id: id(connection), incarnation: Incarnation::default() };
    Commit { owner, at, guards: guards.into_iter().collect(), writes: writes.into_iter().collect() }
}

pub(crate) fn id(connection: &str) -> ConnectionId {
    connection.parse().expect("valid")
}

pub(crate) fn mark(number: u8) -> MarkKey {
    MarkKey([number; 16])
}

pub(crate) fn set(key: &str, value: impl Into<Vec<u8>>) -> Write {
    Write::Set { key: key.to_owned(), value: value.into(), expires_at: None }
}

pub(crate) fn set_until(key: &str, value: &str, expires_at: Timestamp) -> Write {
    Write::Set { key: key.to_owned(), value: value.into(), expires_at: Some(expires_at) }
}

pub(crate) fn delete(key: &str) -> Write {
    Write::Delete { key: key.to_owned() }
}

pub(crate) fn increment(key: &str, by: i64) -> Write {
    Write::Increment { key: key.to_owned(), by }
}

pub(crate) fn key_at(key: &str, revision: Option<Revision>) -> Guard {
    Guard::KeyAt { key: key.to_owned(), revision }
}

pub(crate) fn consent(connection: &str, asked: &str) -> Consent {
    let plugin = "aftership".parse().expect("valid");
    Consent { connection: id(connection), plugin, asked: asked.to_owned(), at: noon() }
}

pub(crate) fn mark_absent(number: u8) -> Guard {
    Guard::MarkAbsent(mark(number))
}

/// A connection of the API.
pub(crate) fn record(connection: &str) -> ConnectionRecord {
    ConnectionRecord {
        id: id(connection),
        plugin: "aftership".parse().expect("valid"),
        config: vec![1, 0, 0xff],
        grant: r#"{"hosts":["ü.example.com"]}"#.to_owned(),
        enabled: true,
        created_at: noon(),
        updated_at: noon().after(DAY),
    }
}

pub(crate) fn held(connection: &str, content: u8) -> HeldVersion {
    let plugin = "aftership".parse().expect("valid");
    HeldVersion { connection: id(connection), plugin, content: ContentHash([content; 32]) }
}
