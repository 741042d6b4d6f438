//! What the writer knows by heart, so that a commit need not look it up.

use std::collections::{BTreeSet, HashMap};

use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::kv::Revision;
use hookyard_domain::timer::Generation;
use rusqlite::{Connection, OptionalExtension as _};

use super::event_rows::HOST_NUMBER;
use super::sequence::Sequence;
use super::{inbox_rows, life_rows, mark_rows};
use crate::InboxBounds;
use crate::inbox_room::InboxRoom;

/// The writer's view of the database. It may run ahead of it only within a group; after a group that failed it is loaded
/// anew.
#[derive(Debug)]
pub(super) struct WriterState {
    /// The offset of the newest event.
    pub(super) newest: u64,
    /// Every day that may have marks, including those before the retention time.
    pub(super) mark_days: BTreeSet<i64>,
    connections: HashMap<ConnectionId, Known>,
    /// How much of each connection, by its number, is pending or failed.
    pub(super) inbox: InboxRoom<i64>,
    revisions: Sequence,
    generations: Sequence,
}

/// A connection for which something may be committed.
#[derive(Debug, Clone, Copy)]
struct Known {
    number: i64,
    incarnation: Incarnation,
}

impl WriterState {
    /// Reads the state from the database.
    pub(super) fn load(database: &Connection, bounds: InboxBounds) -> rusqlite::Result<Self> {
        let newest: Option<i64> = database.query_row("SELECT max(offset) FROM event", [], |row| row.get(0))?;
        Ok(Self {
            newest: newest.unwrap_or(0).unsigned_abs(),
            mark_days: mark_rows::days(database)?,
            connections: HashMap::new(),
            inbox: InboxRoom::new(bounds, inbox_rows::unsettled(database)?),
            revisions: Sequence::load(database, "revision")?,
            generations: Sequence::load(database, "generation")?,
        })
    }

    /// Makes sure that the current transaction can give as many revisions and generations as these commits may need.
    pub(super) fn reserve<'a>(
        &mut self,
        database: &Connection,
        commits: impl Iterator<Item = &'a Commit>,
    ) -> rusqlite::Result<()> {
        let (mut revisions, mut generations) = (0, 0);
        for write in commits.flat_map(|commit| &commit.writes) {
            match write {
                Write::Set { .. } | Write::Increment { .. } => revisions += 1,
                Write::StartTimer { .. } => generations += 1,
                _ => {}
            }
        }
        self.revisions.reserve(database, revisions)?;
        self.generations.reserve(database, generations)
    }

    /// A revision that no key has had. There must be one reserved.
    pub(super) fn revision(&mut self) -> Revision {
        Revision(self.revisions.give())
    }

    /// A generation that no timer has had. There must be one reserved.
    pub(super) fn generation(&mut self) -> Generation {
        Generation(self.generations.give())
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
