//! How connections to the database are set up.

use std::path::{Path, PathBuf};

use hookyard_domain::limit;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::SqliteSettings;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Write,
    Checkpoint,
    Read,
}

/// Where the database is, and how it is used.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) path: PathBuf,
    pub(super) settings: SqliteSettings,
}

impl Database {
    /// A connection to the database, which exists.
    pub(super) fn open(&self, role: Role) -> rusqlite::Result<Connection> {
        // Each connection is used by one thread at a time, so SQLite's own mutexes have nothing to do. A read-only file
        // descriptor would be no gain: readers take locks in the shared memory file.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = open_file(&self.path, flags, &self.settings)?;
        set_up(&database, role)?;
        if self.settings.forgo_syncs {
            database.pragma_update(None, "synchronous", "off")?;
        }
        Ok(database)
    }
}

/// Opens a file through the VFS of the settings.
pub(super) fn open_file(path: &Path, flags: OpenFlags, settings: &SqliteSettings) -> rusqlite::Result<Connection> {
    match &settings.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str()),
        None => Connection::open_with_flags(path, flags),
    }
}

fn set_up(database: &Connection, role: Role) -> rusqlite::Result<()> {
    database.busy_timeout(limit::WAL_WAIT_MAX)?;
    database.set_prepared_statement_cache_capacity(128);
    // Else SQLite plans a statement anew each time, in case other values were better served by another plan.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    database.pragma_update(None, "trusted_schema", false)?;
    database.pragma_update(None, "temp_store", "memory")?;
    let cache_bytes = match role {
        Role::Write => limit::STORE_WRITER_CACHE_BYTES,
        Role::Checkpoint | Role::Read => limit::STORE_READER_CACHE_BYTES,
    };
    // A negative number counts in KiB.
    database.pragma_update(None, "cache_size", -i64::try_from(cache_bytes / 1024).unwrap_or(i64::MAX))?;
    if role == Role::Read {
        database.pragma_update(None, "query_only", true)?;
    } else {
        make_durable(database)?;
    }
    Ok(())
}

/// A commit returns only after the write-ahead log has reached the disk.
fn make_durable(database: &Connection) -> rusqlite::Result<()> {
    database.pragma_update(None, "synchronous", "full")?;
    // macOS has a sync that only hands the data to the drive, and one that waits for the drive.
    database.pragma_update(None, "fullfsync", true)?;
    database.pragma_update(None, "checkpoint_fullfsync", true)?;
    // Copying the log is the checkpointer's work, never that of the commit that happens to fill it.
    database.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    database.pragma_update_and_check(None, "journal_size_limit", limit::WAL_BYTES_MAX.cast_signed(), |_| Ok(()))
}
