//! What only the store on disk promises: that it outlives its process, and what it does when the disk does not.

mod deletion;
mod deliveries;
mod disk;
mod durability;
mod failure;
mod group;
mod inbox;
mod plans;
mod refusal;

use std::path::Path;
use std::sync::Arc;

use hookyard_domain::clock::ManualClock;
use hookyard_domain::commit::Write;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::{Event, EventOrigin, Offset};
use hookyard_domain::id::EventId;
use hookyard_domain::plugin::PluginVersion;
use rusqlite::Connection;
use serde_json::value::RawValue;
use tempfile::TempDir;

use super::{OpenError, SqliteStore};
use crate::Ledger as _;
use crate::contract::world::{id, noon};

fn directory() -> TempDir {
    tempfile::tempdir().expect("there is room for a directory")
}

fn try_open(directory: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(directory, Arc::new(ManualClock::at(noon())))
}

fn open(directory: &Path) -> SqliteStore {
    try_open(directory).expect("opens")
}

/// The database of a directory that no store has open.
fn database(directory: &Path) -> Connection {
    Connection::open(directory.join("hookyard.db")).expect("opens")
}

/// Appends an event of `shop` with this much data.
fn append(kind: &str, bytes: usize) -> Write {
    let event = Event {
        id: EventId::new(noon(), &SeededEntropy::new(5)),
        origin: EventOrigin::Connection {
            id: id("shop"),
            plugin: PluginVersion { name: "aftership".parse().expect("valid"), version: "1.0.0".into() },
        },
        kind: kind.to_owned(),
        subject: None,
        time: noon().into(),
        data: RawValue::from_string(format!("\"{}\"", "x".repeat(bytes))).expect("valid"),
        webhook: None,
        traceparent: None,
        hops: 0,
    };
    Write::Append { event: Box::new(event), dedupe: None }
}

async fn kinds(store: &SqliteStore) -> Vec<String> {
    let page = store.events(Offset::START, &Default::default(), 1_000).await.expect("reads");
    page.events.into_iter().map(|logged| logged.event.kind).collect()
}
