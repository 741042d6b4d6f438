//! What invocations commit, and what they and the readers of events see of it.

use std::fmt;

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Commit, Committed, MarkKey};
use hookyard_domain::event::{EventFilter, LoggedEvent, Offset};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord};
use hookyard_domain::kv::KvEntry;
use tokio::sync::watch;

use crate::error::StoreError;

/// The event log, the marks, the key-value pairs and the idempotency records: what commits write.
///
/// Every read sees every commit whose `commit` has returned.
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Makes all of a commit true, or none of it.
    ///
    /// On return of `Ok` it is durable: it survives the end of the process, a crash of the machine and a power cut.
    /// Guards are judged against everything that was committed before, at the commit's own time (`at`); the commit's
    /// own writes do not count for them, but later writes see earlier ones. On `Err` nothing of it is visible. After
    /// [`CommitError::Unavailable`] a commit that never became visible may, in the worst case, reappear when the database is
    /// opened again, which a crash brings about, and so may the loss of a disk for a while: repeat it with the same mark, and it
    /// counts once.
    ///
    /// Giving up waiting for the answer does not take the commit back.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError>;

    /// The entries of these keys, in their order; `None` for what does not exist or has expired at `now`. All are
    /// read at one moment.
    async fn get_many(
        &self,
        connection: &ConnectionId,
        keys: &[String],
        now: Timestamp,
    ) -> Result<Vec<Option<KvEntry>>, StoreError>;

    /// Up to `max` keys (at least 1, at most [`KV_PAGE_MAX`](hookyard_domain::limit::KV_PAGE_MAX)) that start with
    /// `prefix` and come after `after`, in byte order, without those that have expired at `now`.
    async fn keys(
        &self,
        connection: &ConnectionId,
        prefix: &str,
        after: Option<&str>,
        max: usize,
        now: Timestamp,
    ) -> Result<KeyPage, StoreError>;

    /// Whether the mark is set, within the retention time of marks.
    async fn marked(&self, mark: MarkKey, now: Timestamp) -> Result<bool, StoreError>;

    /// The names of the connection's timers.
    async fn timer_names(&self, connection: &ConnectionId) -> Result<Vec<String>, StoreError>;

    /// The record of an idempotency key; `None` when there is none, or when it has expired at `now`.
    async fn idempotency(
        &self,
        connection: &ConnectionId,
        id: IdempotencyId,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError>;

    /// Events after `after` that pass the filter, in order: up to `limit` of them (at least 1, at most
    /// [`EVENTS_PAGE_MAX`](hookyard_domain::limit::EVENTS_PAGE_MAX)), fewer when they are large or far between.
    async fn events(&self, after: Offset, filter: &EventFilter, limit: usize) -> Result<EventPage, StoreError>;

    /// Follows the offset of the newest event. It moves after the commit is durable and before its `commit` returns.
    fn newest(&self) -> watch::Receiver<Offset>;
}

/// Why a commit did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// A mark that must be absent is set: this has happened already.
    #[error("the mark is set already")]
    MarkPresent,
    /// A key is not at the revision that a guard demands: read again and decide anew.
    #[error("the key {key:?} has changed meanwhile")]
    KeyMoved {
        /// The first such key.
        key: String,
    },
    /// A key to increment does not hold a decimal number, or the sum would leave 64 bits.
    #[error("the key {key:?} does not hold a decimal number, or the sum would leave 64 bits")]
    NotANumber {
        /// The key.
        key: String,
    },
    /// The commit, or the answer that is stored with it, is larger than any may be; each has a bound of its own.
    #[error("the commit, or its stored answer, has {bytes} bytes, more than the {max} that one may have")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that is accepted.
        max: usize,
    },
    /// The webhook or the timer is not (or no longer) as a guard demands: somebody else has changed it.
    #[error("it has been changed meanwhile")]
    Moved,
    /// A pending or failed webhook with this mark is in the inbox, or any with the id or the place of one that is to be kept.
    #[error("the webhook waits in the inbox already")]
    KeptAlready,
    /// The inbox has no room for another webhook of this connection, or of any.
    #[error("the inbox is full")]
    InboxFull,
    /// The connection has as many timers as it may have.
    #[error("the connection has {max} timers, which are the most")]
    TooManyTimers {
        /// The most.
        max: usize,
    },
    /// The connection is being deleted, or has been since: the commit is of another life than the present one.
    #[error("the connection has been deleted")]
    Gone,
    /// More waits to be committed than may wait; nothing is wrong with this commit.
    #[error("too many commits wait already")]
    Overloaded,
    /// The store cannot write.
    #[error("the store cannot commit")]
    Unavailable(#[source] StoreError),
}

/// One page of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<String>,
    /// Where the next page goes on (its `after`); `None` when no key is left. May be there although `keys` has fewer
    /// than were asked for: many expired keys lay between.
    pub next: Option<String>,
}

/// One page of events.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// The events that passed the filter.
    pub events: Vec<LoggedEvent>,
    /// The last offset looked at, which is where the next page goes on, also if nothing passed; `after` at the end.
    pub next: Offset,
}
