//! The store, with clearing away that can be let go and held back.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hookyard_domain::clock::{Clock, Timestamp};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use hookyard_store::sqlite::SqliteStore;
use hookyard_store::{Ledger as _, Observed as _, Store as _};
use tokio::task::JoinSet;

use crate::PRODUCERS;
use crate::rows::{CONNECTION, Rows, Work, noon};

/// A store that is measured.
pub(crate) struct Measured {
    committing: Arc<Committing>,
    clock: Arc<RetentionClock>,
}

/// What producers share.
pub(crate) struct Committing {
    store: SqliteStore,
    connection: ConnectionId,
    next: AtomicU64,
    keys: i64,
}

/// What one window showed.
pub(crate) struct Window {
    pub(crate) per_second: f64,
    /// Commits of a group, on average.
    pub(crate) group: f64,
}

/// Decides when the store clears away: not at all, or in turn with the commits, as it does when they have left it no time for long.
#[derive(Debug)]
struct RetentionClock {
    began: Instant,
    mode: AtomicU8,
}

const OPENING: u8 = 0;
const QUIET: u8 = 1;
const CLEARING: u8 = 2;

impl Clock for RetentionClock {
    fn now(&self) -> Timestamp {
        match self.mode.load(Ordering::Relaxed) {
            OPENING => noon(),
            // Before the first sweep is wanted, which is from the moment of opening.
            QUIET => Timestamp::from_millis(noon().as_millis() - 1),
            // Long after that, so that it takes turns with the commits.
            _ => noon().after(limit::RETENTION_LAG_MAX * 2 + self.began.elapsed()),
        }
    }
}

impl Measured {
    /// Opens the store of a directory, in which so many keys are present. It does not clear away.
    pub(crate) fn open(directory: &Path, keys: i64) -> anyhow::Result<Self> {
        let clock = Arc::new(RetentionClock { began: now(), mode: AtomicU8::new(OPENING) });
        let store = SqliteStore::open(directory, clock.clone())?;
        clock.mode.store(QUIET, Ordering::Relaxed);
        let committing = Committing { store, connection: CONNECTION.parse()?, next: AtomicU64::new(0), keys };
        Ok(Self { committing: Arc::new(committing), clock })
    }

    /// Lets the store clear away from now on, or keeps it from that.
    pub(crate) fn clear_away(&self, clearing: bool) {
        self.clock.mode.store(if clearing { CLEARING } else { QUIET }, Ordering::Relaxed);
    }

    /// What producers share.
    pub(crate) fn committing(&self) -> Arc<Committing> {
        Arc::clone(&self.committing)
    }

    /// All producers commit for so long.
    pub(crate) async fn window(&self, work: Work, length: Duration) -> anyhow::Result<Window> {
        let groups_before = self.committing.store.workload().groups;
        let begin = now();
        let mut producers = JoinSet::new();
        for _ in 0..PRODUCERS {
            let committing = self.committing();
            producers.spawn(async move {
                while begin.elapsed() < length {
                    committing.commit(work).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(produced) = producers.join_next().await {
            produced??;
        }
        let elapsed = begin.elapsed();
        let groups = self.committing.store.workload().groups;
        let commits = groups.commits - groups_before.commits;
        Ok(Window::new(commits, groups.groups() - groups_before.groups(), elapsed))
    }

    /// Closes the store; says how many commits it has made durable.
    pub(crate) async fn close(self) -> u64 {
        self.committing.store.close().await;
        self.committing.next.load(Ordering::Relaxed)
    }
}

impl Committing {
    /// Makes the next commit durable.
    pub(crate) async fn commit(&self, work: Work) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let commit = Rows::new(number, work, self.keys)?.commit(&self.connection);
        self.store.commit(commit).await?;
        Ok(())
    }
}

impl Window {
    /// So many commits in so many groups took so long.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn new(commits: u64, groups: u64, took: Duration) -> Self {
        Self { per_second: commits as f64 / took.as_secs_f64(), group: commits as f64 / groups.max(1) as f64 }
    }
}

/// Benchmarks are what measures time.
pub(crate) fn now() -> Instant {
    Instant::now()
}
