//! What can be seen of a store while it works.

use std::fmt;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::error::StoreError;

/// Lets itself be looked at.
#[async_trait]
pub trait Observed: Send + Sync + fmt::Debug {
    /// Writes something that changes nothing, and waits until it is durable, in its turn among the commits: on `Ok`, a commit would
    /// have been durable. As with commits, giving up waiting does not take it back.
    async fn check_writable(&self) -> Result<(), StoreError>;

    /// How busy the store is. Takes no time and asks nobody, so that it can be told also while the store stands still.
    fn workload(&self) -> Workload;

    /// Follows how often the database was opened anew after an error. A commit that was refused as unavailable before may have
    /// become true then.
    fn reopenings(&self) -> watch::Receiver<u64>;
}

/// How busy a store is, and how it has grouped commits since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Workload {
    /// Commits and other writes that were handed over and are not answered yet, those of the present group included.
    pub waiting: u64,
    /// Bytes of those commits.
    pub waiting_bytes: u64,
    /// Length of the write-ahead log after the last group.
    pub log_bytes: u64,
    /// How many commits became durable together.
    pub groups: GroupSizes,
    /// How often the database was opened anew after an error.
    pub reopened: u64,
}

/// How many groups there were of each size. A commit that was refused counts in its group like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupSizes {
    /// Groups of at most as many commits as the bound at the same place, and of more than the bound before it.
    pub counts: [u64; GroupSizes::BOUNDS.len()],
    /// Commits of all groups.
    pub commits: u64,
}

impl GroupSizes {
    /// The largest groups that are counted together. No group is larger than the last one,
    /// [`GROUP_COMMITS_MAX`](hookyard_domain::limit::GROUP_COMMITS_MAX).
    pub const BOUNDS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    /// Where a group of so many commits is counted.
    pub(crate) fn place(commits: u64) -> usize {
        Self::BOUNDS.partition_point(|bound| *bound < commits).min(Self::BOUNDS.len() - 1)
    }

    /// All groups.
    pub fn groups(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use hookyard_domain::limit;

    use super::*;

    #[test]
    fn a_group_is_counted_where_it_is_not_too_large() {
        for (commits, place) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (255, 8), (256, 8)] {
            assert_eq!(GroupSizes::place(commits), place, "{commits}");
        }
        assert_eq!(GroupSizes::BOUNDS.last().copied(), u64::try_from(limit::GROUP_COMMITS_MAX).ok());
    }
}
