//! Bounds of the store.

use std::time::Duration;

/// How long marks (dedupe keys) are kept, in whole days.
pub const MARK_RETENTION_DAYS: i64 = 7;
/// Commits of one group.
pub const GROUP_COMMITS_MAX: usize = 256;
/// Bytes of one group.
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Events of one page.
pub const EVENTS_PAGE_MAX: usize = 1_000;
/// Bytes of one page of events, after which it ends.
pub const EVENTS_PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Events looked at for one page, whatever the filter lets pass.
pub const EVENTS_SCANNED_MAX: usize = 10_000;
/// Keys looked at for one page of keys, expired ones included.
pub const KEYS_SCANNED_MAX: usize = 10_000;
/// Commits that wait for the writer; further ones are refused.
pub const COMMITS_WAITING_MAX: usize = 4_096;
/// Bytes of the commits that wait for the writer; further ones are refused.
pub const COMMITS_WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Reads that wait for a reader; further ones are refused.
pub const READS_WAITING_MAX: usize = 4_096;
/// Connections (and threads) that read the database.
pub const STORE_READERS: usize = 4;
/// Page cache of the connection that writes.
pub const STORE_WRITER_CACHE_BYTES: usize = 64 * 1024 * 1024;
/// Page cache of each connection that reads.
pub const STORE_READER_CACHE_BYTES: usize = 8 * 1024 * 1024;
/// Write-ahead log beyond which it is copied into the database, beside the commits.
pub const WAL_CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;
/// Write-ahead log beyond which commits wait until all of it has been copied.
pub const WAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How long commits wait for readers to let go of it before they are refused.
pub const WAL_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long, on top of that, they wait for the copying itself.
pub const WAL_COPY_MAX: Duration = Duration::from_secs(5);
/// How long one batch of clearing away may keep commits waiting.
pub const RETENTION_BATCH: Duration = Duration::from_millis(5);
/// Fewest rows of one batch of clearing away, however long they take.
pub const RETENTION_ROWS_MIN: usize = 32;
/// Most rows of one batch of clearing away.
pub const RETENTION_ROWS_MAX: usize = 4_096;
/// How often the store looks for what has expired.
pub const RETENTION_INTERVAL: Duration = Duration::from_secs(10);
/// How long clearing away gives way to commits before it takes turns with them.
pub const RETENTION_LAG_MAX: Duration = Duration::from_secs(60);
/// Free pages that the database keeps for what it will write next.
pub const FREE_PAGES_KEPT_MAX: u64 = 4_096;
/// Bearer tokens of the HTTP API.
pub const API_TOKENS_MAX: usize = 1_000;
/// What a commit may have on top of `COMMIT_BYTES_MAX` for the answer to an action, its row included: an answer with a
/// largest output, or a largest error, fits beside a largest draft.
pub const STORED_ANSWER_BYTES_MAX: usize = 1024 * 1024 + 64 * 1024;
/// What a commit may have on top of `COMMIT_BYTES_MAX` for what the host writes of the webhooks and timers that it is about:
/// marks, guards, and how they stand. A bulk replay has the most of it.
pub const HOST_WRITES_BYTES_MAX: usize = 512 * 1024;
/// Connections that were made through the API.
pub const API_CONNECTIONS_MAX: usize = 10_000;
/// Rows of a deleted connection that one batch clears away.
pub const PURGE_ROWS_MAX: usize = 256;
/// Bytes of the values and answers in those rows, after which the batch ends.
pub const PURGE_BYTES_MAX: usize = 1024 * 1024;
/// Contents of one plugin that are held back; of more, the oldest are forgotten.
pub const HELD_BACK_MAX: usize = 8;
/// Pending and failed webhooks of one connection; further ones are not accepted.
pub const INBOX_CONNECTION_WEBHOOKS_MAX: u64 = 100_000;
/// Bytes of those webhooks (bodies, headers, paths and queries).
pub const INBOX_CONNECTION_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Pending and failed webhooks of all connections.
pub const INBOX_WEBHOOKS_MAX: u64 = 500_000;
/// Bytes of those webhooks.
pub const INBOX_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// Largest webhook that can be kept: body, headers, path, query and keys.
pub const KEPT_WEBHOOK_BYTES_MAX: usize = 1024 * 1024 + 256 * 1024;
/// Kept webhooks of one page, and those without their contents.
pub const WEBHOOKS_PAGE_MAX: usize = 1_000;
/// Bytes of one page of kept webhooks, after which it ends.
pub const WEBHOOKS_PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Rows that one page of kept webhooks looks at.
pub const WEBHOOKS_SCANNED_MAX: usize = 10_000;
/// How long handled and skipped webhooks are kept for replay when the operator says nothing.
pub const SETTLED_RETENTION_DEFAULT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Longest that an operator may have them kept, in days.
pub const SETTLED_RETENTION_DAYS_MAX: u32 = 365;
/// Timers of one connection.
pub const TIMERS_MAX: usize = 1_000;
/// Timers of one page.
pub const TIMERS_PAGE_MAX: usize = 1_000;
/// Bytes of payloads of one page of timers, after which it ends.
pub const TIMERS_PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Timers of an answer when the client sets no bound.
pub const TIMERS_LIMIT_DEFAULT: usize = 100;
/// Pages of timers read for one answer, when a filter lets nothing pass.
pub const TIMERS_PAGES_MAX: usize = 16;
/// Fetched tokens of one connection; of more, the oldest goes, and one that came with a new refresh token goes last.
pub const FETCHED_TOKENS_MAX: usize = 16;
