//! A reader that does not let go.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// Reads a database from the state that it is in now, until it is dropped: so long, what is written to the log from now on can be copied
/// into the database only up to a point, and the log cannot start anew.
#[derive(Debug)]
pub struct Reading(#[expect(dead_code, reason = "it is there to be open")] Connection);

impl Reading {
    /// Begins to read.
    ///
    /// # Errors
    /// There is no database that can be read.
    pub fn begin(database: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reading = Connection::open_with_flags(database, flags)?;
        reading.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
        Ok(Self(reading))
    }
}
