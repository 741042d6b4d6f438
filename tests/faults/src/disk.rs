//! A disk, and what it is told to do.

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::image::Image;
use crate::vfs;

/// Why there is no such disk.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The name has a NUL in it.
    #[error("{0:?} is no name for a VFS")]
    Name(String),
    /// The process has a VFS of this name: SQLite's list of them is one for the whole process.
    #[error("there is a VFS {0:?} already")]
    Taken(String),
    /// SQLite has no usual VFS, or refuses this one.
    #[error("SQLite refuses the VFS")]
    Refused,
}

/// A disk that SQLite knows by its name. Cheap to clone; clones are the same disk.
#[derive(Debug, Clone)]
pub struct Disk(Arc<State>);

impl Disk {
    /// Makes a disk. It stays known to SQLite as long as the process lives.
    ///
    /// # Errors
    /// The name cannot be given.
    pub fn register(name: &str) -> Result<Self, RegisterError> {
        let state = Arc::new(State { name: name.to_owned(), files: Mutex::default(), orders: Mutex::default() });
        vfs::register(&state)?;
        Ok(Self(state))
    }

    /// The name of the VFS.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether writes and truncations fail (`SQLITE_IOERR_WRITE`). Of a write that fails, the first half is done.
    pub fn fail_writes(&self, fail: bool) {
        self.0.orders().writes_fail = fail;
    }

    /// Whether syncs fail (`SQLITE_IOERR_FSYNC`). As on Linux, what a failed sync was to bring to the disk is not brought there by a
    /// later one: it has to be written again.
    pub fn fail_syncs(&self, fail: bool) {
        self.0.orders().syncs_fail = fail;
    }

    /// How many bytes files may grow by until the disk is full (`SQLITE_FULL`); of the write for which there is no room, what fits is
    /// done. `None`: there is always room.
    pub fn set_room(&self, bytes: Option<usize>) {
        self.0.orders().room = bytes;
    }

    /// Whether databases that are opened from now on may only be read.
    pub fn set_read_only(&self, read_only: bool) {
        self.0.orders().is_read_only = read_only;
    }

    /// Forgets what was not synced, and fails everything from now on. Once no connection has a file of this disk open any more,
    /// [`restore_power`](Self::restore_power) makes it usable again.
    pub fn cut_power(&self) {
        self.0.orders().is_off = true;
    }

    /// Ends a power cut.
    ///
    /// # Panics
    /// Connections are still open: a power cut ends their processes as well.
    pub fn restore_power(&self) {
        let open = self.0.files().values().filter(|file| file.strong_count() > 0).count();
        assert_eq!(open, 0, "no file of the disk may be open when its power comes back");
        self.0.orders().is_off = false;
    }

    /// How many bytes were written to open files and not synced.
    pub fn unsynced_bytes(&self) -> usize {
        let files: Vec<_> = self.0.files().values().filter_map(Weak::upgrade).collect();
        files.iter().map(|image| lock(image).unsynced_bytes()).sum()
    }

    /// How many syncs have reached the disk.
    pub fn syncs(&self) -> u64 {
        self.0.orders().syncs
    }
}

/// What all files of a disk share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: String,
    files: Mutex<HashMap<CString, Weak<Mutex<Image>>>>,
    orders: Mutex<Orders>,
}

/// What the disk was told to do.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    pub(crate) writes_fail: bool,
    pub(crate) syncs_fail: bool,
    pub(crate) room: Option<usize>,
    pub(crate) is_read_only: bool,
    pub(crate) is_off: bool,
    pub(crate) syncs: u64,
}

impl State {
    /// The open files, by their path.
    pub(crate) fn files(&self) -> MutexGuard<'_, HashMap<CString, Weak<Mutex<Image>>>> {
        lock(&self.files)
    }

    pub(crate) fn orders(&self) -> MutexGuard<'_, Orders> {
        lock(&self.orders)
    }
}

/// A panic in one connection's thread is no reason to fail in another's: what the lock guards is whole between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
