//! Numbers that are never given twice: not after a restart, nor after what they were given to is gone.

use rusqlite::Connection;

/// Numbers that are reserved at a time.
const RESERVED: i64 = 10_000;

/// One of the sequences of numbers.
#[derive(Debug)]
pub(super) struct Sequence {
    name: &'static str,
    /// What is given next.
    next: i64,
    /// Numbers before this one may be given without a word in the database.
    reserved: i64,
}

impl Sequence {
    /// Reads where the sequence stands.
    pub(super) fn load(database: &Connection, name: &'static str) -> rusqlite::Result<Self> {
        let next = database.query_row("SELECT next FROM sequence WHERE name = ?1", [name], |row| row.get(0))?;
        Ok(Self { name, next, reserved: next })
    }

    /// Makes sure that this many numbers can be given in the current transaction.
    pub(super) fn reserve(&mut self, database: &Connection, count: usize) -> rusqlite::Result<()> {
        let last = self.next + i64::try_from(count).unwrap_or(i64::MAX);
        if last > self.reserved {
            let reserved = last + RESERVED;
            database
                .prepare_cached("UPDATE sequence SET next = ?1 WHERE name = ?2")?
                .execute(rusqlite::params![reserved, self.name])?;
            self.reserved = reserved;
        }
        Ok(())
    }

    /// The next number. There must be one reserved.
    pub(super) fn give(&mut self) -> u64 {
        debug_assert!(self.next < self.reserved, "numbers are reserved for the whole group");
        let given = self.next;
        self.next += 1;
        given.unsigned_abs()
    }
}
