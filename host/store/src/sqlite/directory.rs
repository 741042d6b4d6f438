//! The data directory: private to its user, and used by one host at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::open::OpenError;

/// The mode bits that let group and others write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
const LOCK: &str = "store.lock";
const DATABASE: &str = "hookyard.db";
const UNFINISHED: &str = "hookyard.db.new";

/// A data directory that no other host uses while this lives.
#[derive(Debug)]
pub(super) struct DataDirectory {
    path: PathBuf,
    /// The operating system gives the lock back when the file is closed, also if the process is killed.
    lock: File,
}

impl Drop for DataDirectory {
    /// Gives the lock back by name: a child process that is just being started (a compiler) has a copy of every open file until it
    /// becomes its own program, and closing ours alone would leave the directory claimed for that moment.
    fn drop(&mut self) {
        if self.lock.unlock().is_err() {
            // Closing the file, which comes next, gives it back as well.
        }
    }
}

impl DataDirectory {
    /// Makes the directory if need be, and claims it.
    pub(super) fn claim(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { directory: path.to_owned(), source };
        if !path.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
            sync_parent(path).map_err(failed)?;
        }
        if fs::metadata(path).map_err(failed)?.mode() & WRITABLE_BY_OTHERS != 0 {
            return Err(OpenError::Shared(path.to_owned()));
        }
        let lock = private().truncate(false).open(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { directory: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Where the database is, or will be.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// An empty private file in which a new database can be made, in place of what an earlier attempt left.
    pub(super) fn unfinished_database(&self) -> io::Result<PathBuf> {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            match fs::remove_file(self.path.join(format!("{UNFINISHED}{suffix}"))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        let path = self.path.join(UNFINISHED);
        private().create_new(true).open(&path)?;
        Ok(path)
    }

    /// The database that was made is whole: from now on it is the database. Durable on return.
    pub(super) fn finish_database(&self) -> io::Result<()> {
        fs::rename(self.path.join(UNFINISHED), self.database())?;
        File::open(&self.path)?.sync_all()
    }

    /// A write-ahead log without its database: what it holds would be lost if a new database took its place.
    pub(super) fn orphaned_log(&self) -> Option<PathBuf> {
        let log = self.path.join(format!("{DATABASE}-wal"));
        (!self.database().exists() && log.exists()).then_some(log)
    }
}

/// SQLite gives the files beside a database the mode of the database.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
