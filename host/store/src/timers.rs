//! Timers, as they are read: what commits have started.

use std::fmt;

use async_trait::async_trait;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::timer::{Timer, TimerDepth};

use crate::error::StoreError;

/// Reads the timers. They are written by commits alone. Every read sees every commit whose `commit` has returned.
#[async_trait]
pub trait Timers: Send + Sync + fmt::Debug {
    /// One timer; `None` when there is none.
    async fn timer(&self, connection: &ConnectionId, name: &str) -> Result<Option<Timer>, StoreError>;

    /// Timers of a connection, or of all, by connection and name, after `after`: up to `limit` (at least 1, at most
    /// [`TIMERS_PAGE_MAX`](hookyard_domain::limit::TIMERS_PAGE_MAX)), fewer when their payloads are large. An empty page is the
    /// end.
    async fn timers(
        &self,
        connection: Option<&ConnectionId>,
        after: Option<&(ConnectionId, String)>,
        limit: usize,
    ) -> Result<Vec<Timer>, StoreError>;

    /// How many timers each connection has; connections without any are left out.
    async fn timer_depths(&self) -> Result<Vec<TimerDepth>, StoreError>;
}
