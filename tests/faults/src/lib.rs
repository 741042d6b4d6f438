//! A disk that fails and forgets, for tests.
//!
//! [`Disk::register`] gives SQLite a file system (a VFS) under a name of its own, over the usual one. What is written to databases,
//! write-ahead logs and journals stays in the memory of the process, where all connections see it, until the file is synced: only
//! then does it reach the real file. So SIGKILL, which loses nothing that an operating system was given, here loses what a power
//! cut would: everything that was not synced. On command the disk also fails writes and syncs, is full, or loses its power while
//! the process goes on.
//!
//! Shared memory, locks, deletions and new directory entries are those of the usual VFS: they are not forgotten. A file that no
//! connection has open any more has been given to the operating system, synced or not: this is about processes that are killed.

mod disk;
mod file;
mod image;
mod reading;
mod vfs;

#[cfg(test)]
mod tests;

pub use disk::{Disk, RegisterError};
pub use reading::Reading;
