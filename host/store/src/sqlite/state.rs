//! What the writer knows by heart, so that a commit need not look it up.

use std::collections::{BTreeSet, HashMap};

use hookyard_domain::id::ConnectionId;
use hookyard_domain::kv::Revision;
use rusqlite::{Connection, OptionalExtension as _};

use super::mark_rows;

/// Revisions that are reserved at a time.
const REVISIONS_RESERVED: i64 = 10_000;

/// The writer's view of the database. It may run ahead of it only within a group; after a group that failed it is loaded
/// anew.
#[derive(Debug)]
pub(super) struct WriterState {
    /// The offset of the newest event.
    pub(super) newest: u64,
    /// Every day that may have marks, including those before the retention time.
    pub(super) mark_days: BTreeSet<i64>,
    connections: HashMap<ConnectionId, i64>,
    /// The revision to give next, which is never given twice: not after a restart, nor for a key that was deleted.
    next_revision: i64,
    /// Revisions before this one may be given without a word in the database.
    reserved_revision: i64,
}

impl WriterState {
    /// Reads the state from the database.
    pub(super) fn load(database: &Connection) -> rusqlite::Result<Self> {
        let newest: Option<i64> = database.query_row("SELECT max(offset) FROM event", [], |row| row.get(0))?;
        let next_revision: i64 =
            database.query_row("SELECT next FROM sequence WHERE name = 'revision'", [], |row| row.get(0))?;
        Ok(Self {
            newest: newest.unwrap_or(0).unsigned_abs(),
            mark_days: mark_rows::days(database)?,
            connections: HashMap::new(),
            next_revision,
            reserved_revision: next_revision,
        })
    }

    /// Makes sure that this many revisions can be given in the current transaction.
    pub(super) fn reserve_revisions(&mut self, database: &Connection, count: usize) -> rusqlite::Result<()> {
        let last = self.next_revision + i64::try_from(count).unwrap_or(i64::MAX);
        if last > self.reserved_revision {
            let reserved = last + REVISIONS_RESERVED;
            database.prepare_cached("UPDATE sequence SET next = ?1 WHERE name = 'revision'")?.execute([reserved])?;
            self.reserved_revision = reserved;
        }
        Ok(())
    }

    /// A revision that no key has had. There must be one reserved.
    pub(super) fn revision(&mut self) -> Revision {
        debug_assert!(self.next_revision < self.reserved_revision, "revisions are reserved for the whole group");
        let revision = self.next_revision;
        self.next_revision += 1;
        Revision(revision.unsigned_abs())
    }

    /// The number of a connection, which it gets with its first commit.
    pub(super) fn connection(&mut self, database: &Connection, name: &ConnectionId) -> rusqlite::Result<i64> {
        if let Some(number) = self.connections.get(name) {
            return Ok(*number);
        }
        let known = connection_number(database, name)?;
        let number = match known {
            Some(number) => number,
            None => database.prepare_cached("INSERT INTO connection (name) VALUES (?1)")?.insert([name.as_str()])?,
        };
        self.connections.insert(name.clone(), number);
        Ok(number)
    }
}

/// The number of a connection, if it has one.
pub(super) fn connection_number(database: &Connection, name: &ConnectionId) -> rusqlite::Result<Option<i64>> {
    database
        .prepare_cached("SELECT id FROM connection WHERE name = ?1")?
        .query_row([name.as_str()], |row| row.get(0))
        .optional()
}
