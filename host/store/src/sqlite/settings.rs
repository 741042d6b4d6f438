//! What a store on disk can be told beyond its directory.

use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::limit;

use crate::{CrashPoint, CrashPoints, InboxSettings};

/// How a store on disk is to work. What concerns SQLite is for tests; a host has the [default](Self::default) of that.
#[derive(Debug, Clone)]
pub struct SqliteSettings {
    /// The inbox.
    pub inbox: InboxSettings,
    /// How long deliveries that were given up, or succeeded after all, are kept, from when they did. Pending ones are never dropped.
    pub delivery_retention: Duration,
    /// The name of the VFS through which SQLite reaches the disk; `None`: its usual one.
    pub vfs: Option<String>,
    /// Whether commits are only handed to the operating system, which breaks every promise at the next power cut. It exists so that
    /// the crash test can show that it would notice.
    pub forgo_syncs: bool,
    /// Bytes of the write-ahead log that are not in the database yet above which they are copied there. Four times as many, and
    /// commits wait for that.
    pub copy_log_above: u64,
    /// How long commits wait for readers to let go of a log that is too long, before they are refused.
    pub log_wait: Duration,
    /// Who is told of the moments around what becomes durable.
    pub crash_points: Option<Arc<dyn CrashPoints>>,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self {
            inbox: InboxSettings::default(),
            delivery_retention: limit::DELIVERY_RETENTION_DEFAULT,
            vfs: None,
            forgo_syncs: false,
            copy_log_above: limit::WAL_CHECKPOINT_BYTES,
            log_wait: limit::WAL_WAIT_MAX,
            crash_points: None,
        }
    }
}

impl SqliteSettings {
    /// Tells whoever wants to know.
    pub(super) fn reached(&self, point: CrashPoint) {
        if let Some(crash_points) = &self.crash_points {
            crash_points.reached(point);
        }
    }
}
