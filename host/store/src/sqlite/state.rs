//! What the writer knows by heart, so that a commit need not look it up.

use std::collections::{BTreeSet, HashMap};

use hookyard_domain::commit::Owner;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::kv::Revision;
use rusqlite::{Connection, OptionalExtension as _};

use super::event_rows::HOST_NUMBER;
use super::{life_rows, mark_rows};

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
    connections: HashMap<ConnectionId, Known>,
    /// The revision to give next, which is never given twice: not after a restart, nor for a key that was deleted.
    next_revision: i64,
    /// Revisions before this one may be given without a word in the database.
    reserved_revision: i64,
}

/// A connection for which something may be committed.
#[derive(Debug, Clone, Copy)]
struct Known {
    number: i64,
    incarnation: Incarnation,
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

    /// The number under which an owner's rows stand: 0 for the host; for a connection the one that it gets with its first
    /// commit. `None` if nothing can be committed for it: this life has ended, or is ending.
    pub(super) fn owner_number(&mut self, database: &Connection, owner: &Owner) -> rusqlite::Result<Option<i64>> {
        let Owner::Connection { id, incarnation } = owner else { return Ok(Some(HOST_NUMBER)) };
        if let Some(known) = self.connections.get(id) {
            return Ok((known.incarnation == *incarnation).then_some(known.number));
        }
        let life = life_rows::get(database, id)?;
        if life.deleting || life.incarnation != *incarnation {
            return Ok(None);
        }
        let number = match connection_number(database, id)? {
            Some(number) => number,
            None => database.prepare_cached("INSERT INTO connection (name) VALUES (?1)")?.insert([id.as_str()])?,
        };
        self.connections.insert(id.clone(), Known { number, incarnation: *incarnation });
        Ok(Some(number))
    }

    /// The life of a connection changes: what is known of it is looked up anew.
    pub(super) fn forget_connection(&mut self, id: &ConnectionId) {
        self.connections.remove(id);
    }
}

/// The number of a connection, if it has one.
pub(super) fn connection_number(database: &Connection, name: &ConnectionId) -> rusqlite::Result<Option<i64>> {
    database
        .prepare_cached("SELECT id FROM connection WHERE name = ?1")?
        .query_row([name.as_str()], |row| row.get(0))
        .optional()
}
