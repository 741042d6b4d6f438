//! From a directory to a running store.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_domain::clock::Clock;
use hookyard_domain::event::Offset;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{Mutex, watch};

use super::checkpointer::{Checkpointer, LogBounds};
use super::connection::{Database, Role, open_file};
use super::directory::DataDirectory;
use super::readers::ReaderThreads;
use super::schema::{self, APPLICATION_ID, MIGRATIONS, PAGE_BYTES};
use super::state::WriterState;
use super::writer::{Writer, WriterThread};
use super::{SqliteSettings, SqliteStore};

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "the data directory {} is in use by another host: stop that one, or give this one another directory with --data",
        .directory.display()
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// Other users could put files into it, among them compiled code.
    #[error(
        "other users may write to the data directory {dir}: take that from them (chmod go-w {dir})", dir = .0.display()
    )]
    Shared(PathBuf),
    /// It cannot be made, locked or written to.
    #[error("the data directory {} cannot be used", .directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no database of Hookyard, for example an empty file or the database of another program.
    #[error("{} is not a database of Hookyard: move it away, or restore a backup in its place", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer Hookyard wrote it.
    #[error(
        "{} was written by a newer Hookyard (format {found}, this one knows {known}): run that one, or restore a backup",
        .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        found: i64,
        /// The newest version that this host knows.
        known: i64,
    },
    /// The file is or was a database, but what is in it contradicts itself.
    #[error("the database {} is damaged: restore a backup in its place", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The log of a database is there but not the database itself.
    #[error("{} is there without its database: put the database back beside it, or move it away", .path.display())]
    DatabaseMissing {
        /// The log.
        path: PathBuf,
    },
    /// This user may not write to it.
    #[error("the database {} may only be read: give the user of the host the right to write to it", .0.display())]
    ReadOnly(PathBuf),
    /// SQLite cannot use the file for another reason.
    #[error("the database {} cannot be opened", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The operating system refuses a thread.
    #[error("no thread can be started for the store")]
    Thread(#[source] io::Error),
}

/// Opens or makes the database of a directory and starts the threads that serve it.
pub(super) fn open(path: &Path, clock: Arc<dyn Clock>, settings: &SqliteSettings) -> Result<SqliteStore, OpenError> {
    let directory = DataDirectory::claim(path)?;
    let database = Arc::new(Database { path: directory.database(), settings: settings.clone() });
    let failed = |source| database_error(&database.path, source);
    if !database.path.exists() {
        create(&directory, &database.settings)?;
    }
    check_writable(&database)?;
    let mut writing = database.open(Role::Write).map_err(failed)?;
    check(&database.path, &writing)?;
    // It is, unless a backup has been put in its place.
    writing.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).map_err(failed)?;
    schema::migrate(&mut writing, MIGRATIONS).map_err(failed)?;
    let state = WriterState::load(&writing, settings.inbox.bounds).map_err(failed)?;

    let (newest, newest_seen) = watch::channel(Offset(state.newest));
    let checkpointer = Checkpointer::start(&database, LogBounds::of(&database.settings))?;
    let (readers, reader_threads) = super::readers::start(&database)?;
    let writer = Writer::new(database, writing, state, newest, checkpointer, clock);
    let (writer, writer_thread) = super::writer::start(writer)?;
    let threads = Threads { writer: writer_thread, readers: reader_threads, _directory: directory };
    Ok(SqliteStore {
        directory: path.to_owned(),
        writer,
        readers,
        newest: newest_seen,
        threads: Mutex::new(Some(threads)),
        crash_points: settings.crash_points.clone(),
    })
}

/// The threads of a store, and the directory that is theirs while they run.
pub(super) struct Threads {
    writer: WriterThread,
    readers: ReaderThreads,
    _directory: DataDirectory,
}

impl Threads {
    /// Lets the threads finish what was accepted, and waits for it. Blocks.
    pub(super) fn stop(self) {
        // In this order, no read stands in the way when the whole log is copied at the end.
        self.readers.stop();
        self.writer.stop();
    }
}

/// Makes the database under another name first, so that a crash on the way leaves no half of it.
fn create(directory: &DataDirectory, settings: &SqliteSettings) -> Result<(), OpenError> {
    if let Some(path) = directory.orphaned_log() {
        return Err(OpenError::DatabaseMissing { path });
    }
    let path = directory.database();
    let unusable =
        |source| OpenError::Directory { directory: path.parent().map(Path::to_owned).unwrap_or_default(), source };
    let unfinished = directory.unfinished_database().map_err(unusable)?;
    initialise(&unfinished, settings).map_err(|source| database_error(&unfinished, source))?;
    directory.finish_database().map_err(unusable)
}

fn initialise(path: &Path, settings: &SqliteSettings) -> rusqlite::Result<()> {
    let mut database = open_file(path, OpenFlags::SQLITE_OPEN_READ_WRITE, settings)?;
    database.pragma_update(None, "synchronous", "full")?;
    database.pragma_update(None, "fullfsync", true)?;
    // These three can be chosen only before the first table.
    database.pragma_update(None, "page_size", PAGE_BYTES.cast_signed())?;
    database.pragma_update(None, "auto_vacuum", "incremental")?;
    database.pragma_update(None, "application_id", APPLICATION_ID)?;
    schema::migrate(&mut database, MIGRATIONS)?;
    database.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    // The last connection copies the log into the database and removes it.
    database.close().map_err(|(_, error)| error)
}

/// Refuses a file that may only be read before SQLite reads anything of it: a log that cannot be made beside it would be the first
/// to be complained of.
fn check_writable(database: &Database) -> Result<(), OpenError> {
    let failed = |source| database_error(&database.path, source);
    let file = open_file(&database.path, OpenFlags::SQLITE_OPEN_READ_WRITE, &database.settings).map_err(failed)?;
    if file.is_readonly(rusqlite::MAIN_DB).map_err(failed)? {
        return Err(OpenError::ReadOnly(database.path.clone()));
    }
    Ok(())
}

/// Refuses what is not a database that this host can go on with, before anything is written to it.
fn check(path: &Path, database: &Connection) -> Result<(), OpenError> {
    let failed = |source| database_error(path, source);
    let application_id: i32 = database.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    if application_id != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found = schema::version(database).map_err(failed)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

fn database_error(path: &Path, source: rusqlite::Error) -> OpenError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path: path.to_owned() },
        Some(ErrorCode::ReadOnly) => OpenError::ReadOnly(path.to_owned()),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path: path.to_owned(), source },
        _ => OpenError::Database { path: path.to_owned(), source },
    }
}
