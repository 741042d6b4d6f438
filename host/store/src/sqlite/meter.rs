//! Counts what the writer does, for whoever wants to see it. Nobody waits for anybody here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::GroupSizes;

/// What the writer has done, and what waits for it.
#[derive(Debug, Default)]
pub(super) struct Meter {
    waiting: AtomicU64,
    log_bytes: AtomicU64,
    groups: [AtomicU64; GroupSizes::BOUNDS.len()],
    commits: AtomicU64,
    reopened: watch::Sender<u64>,
}

impl Meter {
    /// Counts a write as waiting until what is returned is dropped.
    pub(super) fn waiting(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(self))
    }

    /// So many commits became durable together.
    pub(super) fn group(&self, commits: usize) {
        let commits = u64::try_from(commits).unwrap_or(u64::MAX);
        self.groups[GroupSizes::place(commits)].fetch_add(1, Ordering::Relaxed);
        self.commits.fetch_add(commits, Ordering::Relaxed);
    }

    /// The write-ahead log has this length.
    pub(super) fn log(&self, bytes: u64) {
        self.log_bytes.store(bytes, Ordering::Relaxed);
    }

    /// The database was opened anew after an error.
    pub(super) fn reopened(&self) {
        self.reopened.send_modify(|times| *times += 1);
    }

    /// How often it was.
    pub(super) fn reopenings(&self) -> watch::Receiver<u64> {
        self.reopened.subscribe()
    }

    /// How many wait.
    pub(super) fn how_many_wait(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The length of the log when it was measured last.
    pub(super) fn log_bytes(&self) -> u64 {
        self.log_bytes.load(Ordering::Relaxed)
    }

    /// All groups so far.
    pub(super) fn groups(&self) -> GroupSizes {
        let counts = std::array::from_fn(|place| self.groups[place].load(Ordering::Relaxed));
        GroupSizes { counts, commits: self.commits.load(Ordering::Relaxed) }
    }
}

/// One more that waits, while it lives.
#[derive(Debug)]
pub(super) struct Waiting(Arc<Meter>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
