//! What can be seen of the store in memory: each commit is a group of its own, and none waits.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use tokio::sync::watch;

use super::MemoryStore;
use crate::{GroupSizes, Observed, StoreError, Workload};

#[async_trait]
impl Observed for MemoryStore {
    async fn check_writable(&self) -> Result<(), StoreError> {
        self.state().map(drop)
    }

    fn workload(&self) -> Workload {
        let commits = self.commits.load(Ordering::Relaxed);
        let mut groups = GroupSizes { commits, ..GroupSizes::default() };
        groups.counts[GroupSizes::place(1)] = commits;
        Workload { groups, ..Workload::default() }
    }

    fn reopenings(&self) -> watch::Receiver<u64> {
        // It never is; nobody sends.
        watch::channel(0).1
    }
}
