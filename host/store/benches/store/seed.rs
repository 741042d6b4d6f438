//! A database as it is after some months: marks of a week, keys, and marks that have expired.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_domain::clock::ManualClock;
use hookyard_domain::limit;
use hookyard_store::Ledger as _;
use hookyard_store::sqlite::SqliteStore;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::rows::{self, CONNECTION, Rows, VALUE_BYTES, Work, noon};
use crate::size::Size;

/// Marks that the seed has for each day of the retention, the present one included.
const DAYS: i64 = limit::MARK_RETENTION_DAYS + 1;
/// The days before them, with what has expired.
const EXPIRED_DAYS: i64 = 4;
/// Above every revision that the seed uses.
const FIRST_REVISION: i64 = 1_000_000;
/// The number of the one commit of the seed.
const NUMBER: u64 = u64::MAX;

/// A directory with such a database, on the disk that has the build directory: a temporary one may be no disk at all.
pub(crate) fn directory(size: &Size) -> anyhow::Result<TempDir> {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    // The store makes the tables, and gives the connection its number.
    let store = SqliteStore::open(directory.path(), Arc::new(ManualClock::at(noon())))?;
    let first = Rows::new(NUMBER, Work::MarkAndEvent, size.keys)?.commit(&CONNECTION.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(store.commit(first))?;
    drop(store);
    fill(&mut Connection::open(path(directory.path()))?, size)?;
    Ok(directory)
}

/// The database of a directory.
pub(crate) fn path(directory: &Path) -> PathBuf {
    directory.join("hookyard.db")
}

fn fill(database: &mut Connection, size: &Size) -> anyhow::Result<()> {
    database.pragma_update(None, "temp_store", "memory")?;
    database.pragma_update(None, "synchronous", "off")?;
    let filling = database.transaction()?;
    let today = noon().as_days();
    for (days, first, marks) in
        [(DAYS, today + 1 - DAYS, size.marks), (EXPIRED_DAYS, today + 1 - DAYS - EXPIRED_DAYS, size.expired)]
    {
        for day in first..first + days {
            // In the order of the keys, which makes the pages as full as they are after a while.
            filling.execute(
                "INSERT INTO mark (day, key16) SELECT ?1, key FROM
                 (WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2)
                  SELECT randomblob(16) AS key FROM number ORDER BY key)",
                params![day, marks / days],
            )?;
        }
    }
    let mut keys = filling.prepare(
        "INSERT OR IGNORE INTO kv (connection, key, revision, expires_at, value)
         SELECT id, ?1, ?2, NULL, ?3 FROM connection WHERE name = ?4",
    )?;
    for number in 0..size.keys {
        keys.execute(params![rows::key(number.unsigned_abs()), number, vec![b'v'; VALUE_BYTES], CONNECTION])?;
    }
    drop(keys);
    filling.execute("UPDATE sequence SET next = ?1 WHERE name = 'revision'", [FIRST_REVISION])?;
    filling.commit()?;
    database.pragma_update_and_check(None, "wal_checkpoint", "truncate", |_| Ok(()))?;
    Ok(())
}

/// Marks that have expired, in the seed.
pub(crate) fn expired(size: &Size) -> i64 {
    size.expired / EXPIRED_DAYS * EXPIRED_DAYS
}

/// How many events and marks there are beyond the seed.
pub(crate) fn count(directory: &Path, size: &Size) -> anyhow::Result<(u64, u64)> {
    let database = Connection::open(path(directory))?;
    let events: i64 = database.query_row("SELECT count(*) FROM event", [], |row| row.get(0))?;
    let first = noon().as_days() - limit::MARK_RETENTION_DAYS;
    let marks: i64 = database.query_row("SELECT count(*) FROM mark WHERE day >= ?1", [first], |row| row.get(0))?;
    Ok(((events - 1).unsigned_abs(), (marks - 1 - size.marks / DAYS * DAYS).unsigned_abs()))
}

/// How many marks are left that have expired.
pub(crate) fn expired_left(directory: &Path) -> anyhow::Result<i64> {
    let database = Connection::open(path(directory))?;
    let first = noon().as_days() - limit::MARK_RETENTION_DAYS;
    Ok(database.query_row("SELECT count(*) FROM mark WHERE day < ?1", [first], |row| row.get(0))?)
}
