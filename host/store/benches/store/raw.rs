//! SQLite without the store: one thread, prepared statements, and nothing but the rows.

use std::path::Path;
use std::time::Duration;

use hookyard_domain::event::EventOrigin;
use hookyard_domain::id::WebhookId;
use hookyard_domain::limit;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};

use crate::checkpoints::Checkpoints;
use crate::measured::{Window, now};
use crate::rows::{CONNECTION, Rows, VALUE_BYTES, Work, noon};
use crate::seed;

/// A database that is written to directly.
pub(crate) struct Raw {
    database: Connection,
    checkpoints: Checkpoints,
    connection: i64,
    offset: i64,
    next: u64,
    keys: i64,
}

impl Raw {
    /// Opens the database of a directory with the pragmas of the store's writer; so many keys are present.
    pub(crate) fn open(directory: &Path, keys: i64) -> anyhow::Result<Self> {
        let path = seed::path(directory);
        let database = Connection::open(&path)?;
        database.set_prepared_statement_cache_capacity(64);
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        database.pragma_update(None, "temp_store", "memory")?;
        let cache_kib = i64::try_from(limit::STORE_WRITER_CACHE_BYTES / 1024)?;
        database.pragma_update(None, "cache_size", -cache_kib)?;
        database.pragma_update(None, "synchronous", "full")?;
        database.pragma_update(None, "fullfsync", true)?;
        database.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
        let log_bytes = i64::try_from(limit::WAL_BYTES_MAX)?;
        database.pragma_update_and_check(None, "journal_size_limit", log_bytes, |_| Ok(()))?;
        let connection =
            database.query_row("SELECT id FROM connection WHERE name = ?1", [CONNECTION], |row| row.get(0))?;
        let offset = database.query_row("SELECT max(offset) FROM event", [], |row| row.get(0))?;
        Ok(Self { database, checkpoints: Checkpoints::start(&path)?, connection, offset, next: 0, keys })
    }

    /// Writes for so long, so many commits' rows in each transaction.
    pub(crate) fn window(&mut self, work: Work, length: Duration, group: f64) -> anyhow::Result<Window> {
        let begin = now();
        let (mut commits, mut groups) = (0, 0);
        while begin.elapsed() < length {
            // A group of 12.4 on average is one of 12 three times, and then one of 13 or 14.
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let due = (groups + 1) as f64 * group.max(1.0) - commits as f64;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
            let size = due.max(1.0) as u64;
            self.group(work, size)?;
            commits += size;
            groups += 1;
        }
        Ok(Window::new(commits, groups, begin.elapsed()))
    }

    fn group(&mut self, work: Work, size: u64) -> anyhow::Result<()> {
        self.database.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..size {
            let rows = Rows::new(self.next, work, self.keys)?;
            self.next += 1;
            self.offset += 1;
            self.write(&rows)?;
        }
        self.database.prepare_cached("COMMIT")?.execute([])?;
        self.checkpoints.after_group(&self.database)
    }

    fn write(&self, rows: &Rows) -> anyhow::Result<()> {
        let Rows { mark, event, key } = rows;
        let EventOrigin::Connection { plugin, .. } = &event.origin else { anyhow::bail!("it is of a connection") };
        self.database
            .prepare_cached(
                "INSERT INTO event (offset, connection, plugin, kind, subject, id, plugin_version, time, webhook,
                                    traceparent, hops, data)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                self.offset,
                self.connection,
                plugin.name.as_str(),
                event.kind,
                event.subject,
                event.id.to_bytes(),
                plugin.version,
                event.time.as_str(),
                event.webhook.map(WebhookId::to_bytes),
                event.traceparent,
                event.hops,
                event.data.get(),
            ])?;
        self.database
            .prepare_cached("INSERT OR IGNORE INTO mark (day, key16) VALUES (?1, ?2)")?
            .execute(params![noon().as_days(), mark])?;
        if let Some(key) = key {
            self.database
                .prepare_cached(
                    "INSERT INTO kv (connection, key, revision, expires_at, value) VALUES (?1, ?2, ?3, NULL, ?4)
                     ON CONFLICT (connection, key)
                     DO UPDATE SET revision = excluded.revision, expires_at = excluded.expires_at,
                                   value = excluded.value",
                )?
                .execute(params![self.connection, key, self.offset, vec![b'v'; VALUE_BYTES]])?;
        }
        Ok(())
    }

    /// Closes the database; says how many commits' rows were written.
    pub(crate) fn close(self) -> anyhow::Result<u64> {
        self.checkpoints.stop()?;
        self.database.close().map_err(|(_, error)| error)?;
        Ok(self.next)
    }
}
