//! Key-value pairs: one row a key.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::kv::{KvEntry, Revision};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::state::connection_number;
use crate::KeyPage;
use crate::pages::KeyPageBuilder;
use crate::purge_batch::PurgeBatch;

const ENTRY: &str = "
    SELECT value, revision, expires_at FROM kv
    WHERE connection = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)";

/// The entry of a key, unless it has expired.
pub(super) fn get(
    database: &Connection,
    connection: i64,
    key: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<KvEntry>> {
    database.prepare_cached(ENTRY)?.query_row(params![connection, key, now.as_millis()], entry).optional()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<KvEntry> {
    Ok(KvEntry {
        value: row.get(0)?,
        revision: Revision(row.get::<_, i64>(1)?.unsigned_abs()),
        expires_at: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis),
    })
}

/// The revision of a key, unless it has expired.
pub(super) fn revision(
    database: &Connection,
    connection: i64,
    key: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Revision>> {
    database
        .prepare_cached(
            "SELECT revision FROM kv
             WHERE connection = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
        )?
        .query_row(params![connection, key, now.as_millis()], |row| row.get::<_, i64>(0))
        .optional()
        .map(|revision| revision.map(|revision| Revision(revision.unsigned_abs())))
}

/// Sets a key.
pub(super) fn set(
    database: &Connection,
    connection: i64,
    key: &str,
    value: &[u8],
    revision: Revision,
    expires_at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    database
        .prepare_cached(
            "INSERT INTO kv (connection, key, revision, expires_at, value) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (connection, key)
             DO UPDATE SET revision = excluded.revision, expires_at = excluded.expires_at, value = excluded.value",
        )?
        .execute(params![connection, key, revision.0.cast_signed(), expires_at.map(Timestamp::as_millis), value])?;
    Ok(())
}

/// Deletes a key, if it is there.
pub(super) fn delete(database: &Connection, connection: i64, key: &str) -> rusqlite::Result<()> {
    database.prepare_cached("DELETE FROM kv WHERE connection = ?1 AND key = ?2")?.execute(params![connection, key])?;
    Ok(())
}

/// The entries of these keys, in their order.
pub(super) fn get_many(
    database: &Connection,
    connection: &ConnectionId,
    keys: &[String],
    now: Timestamp,
) -> rusqlite::Result<Vec<Option<KvEntry>>> {
    match connection_number(database, connection)? {
        Some(connection) => keys.iter().map(|key| get(database, connection, key, now)).collect(),
        None => Ok(vec![None; keys.len()]),
    }
}

/// One page of keys, in byte order, which is how SQLite compares text.
pub(super) fn keys(
    database: &Connection,
    connection: &ConnectionId,
    prefix: &str,
    after: Option<&str>,
    max: usize,
    now: Timestamp,
) -> rusqlite::Result<KeyPage> {
    let mut page = KeyPageBuilder::new(max);
    let Some(connection) = connection_number(database, connection)? else { return Ok(page.at_end()) };
    let mut following =
        database.prepare_cached("SELECT key, expires_at FROM kv WHERE connection = ?1 AND key >= ?2 ORDER BY key")?;
    let mut rows = following.query(params![connection, after.unwrap_or_default().max(prefix)])?;
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_str()?;
        if Some(key) == after {
            continue;
        }
        if !key.starts_with(prefix) {
            break;
        }
        if !page.has_room() {
            return Ok(page.full());
        }
        page.look_at(key, row.get::<_, Option<i64>>(1)?.is_some_and(|expires_at| expires_at <= now.as_millis()));
    }
    Ok(page.at_end())
}

/// Deletes up to `rows` keys that have expired; says how many.
pub(super) fn delete_expired(database: &Connection, now: Timestamp, rows: usize) -> rusqlite::Result<usize> {
    database
        .prepare_cached(
            "DELETE FROM kv WHERE (connection, key) IN
             (SELECT connection, key FROM kv WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute(params![now.as_millis(), i64::try_from(rows).unwrap_or(i64::MAX)])
}

/// Deletes keys of a connection, expired or not, as many as the batch has room for.
pub(super) fn purge(database: &Connection, connection: i64, batch: &mut PurgeBatch) -> rusqlite::Result<()> {
    // The length of a value stands before it, so that none of its pages is read for this.
    let mut all = database.prepare_cached("SELECT key, length(value) FROM kv WHERE connection = ?1 ORDER BY key")?;
    let mut rows = all.query([connection])?;
    let mut keys: Vec<String> = Vec::new();
    while batch.has_room()
        && let Some(row) = rows.next()?
    {
        keys.push(row.get(0)?);
        batch.take(usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX));
    }
    drop(rows);
    keys.iter().try_for_each(|key| delete(database, connection, key))
}
