//! Idempotency records: one row a key, which has a status, a content type and a body once it is answered.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord, StoredAnswer};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::schema::PAGE_BYTES;
use super::state::connection_number;
use crate::purge_batch::PurgeBatch;

/// The record, unless it has expired.
pub(super) fn get(
    database: &Connection,
    connection: &ConnectionId,
    id: IdempotencyId,
    now: Timestamp,
) -> rusqlite::Result<Option<IdempotencyRecord>> {
    let Some(connection) = connection_number(database, connection)? else { return Ok(None) };
    database
        .prepare_cached(
            "SELECT request, attempt, expires_at, status, content_type, body FROM idempotency
             WHERE connection = ?1 AND id = ?2 AND expires_at > ?3",
        )?
        .query_row(params![connection, id.0, now.as_millis()], record)
        .optional()
}

fn record(row: &Row<'_>) -> rusqlite::Result<IdempotencyRecord> {
    let answer = match row.get::<_, Option<u16>>(3)? {
        Some(status) => {
            Some(StoredAnswer { status, content_type: row.get(4)?, body: row.get::<_, Vec<u8>>(5)?.into() })
        }
        None => None,
    };
    Ok(IdempotencyRecord {
        request: row.get(0)?,
        attempt: row.get(1)?,
        answer,
        expires_at: Timestamp::from_millis(row.get(2)?),
    })
}

/// Keeps a record in place of the one that is there, unless that has an answer and has not expired.
pub(super) fn set(
    database: &Connection,
    connection: i64,
    id: IdempotencyId,
    record: &IdempotencyRecord,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let answer = record.answer.as_ref();
    database
        .prepare_cached(
            "INSERT INTO idempotency (connection, id, request, attempt, expires_at, status, content_type, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (connection, id)
             DO UPDATE SET request = excluded.request, attempt = excluded.attempt, expires_at = excluded.expires_at,
                           status = excluded.status, content_type = excluded.content_type, body = excluded.body
             WHERE status IS NULL OR expires_at <= ?9",
        )?
        .execute(params![
            connection,
            id.0,
            record.request,
            record.attempt,
            record.expires_at.as_millis(),
            answer.map(|answer| answer.status),
            answer.map(|answer| answer.content_type.as_str()),
            answer.map(|answer| answer.body.as_ref()),
            at.as_millis(),
        ])?;
    Ok(())
}

/// Forgets a record, if it is there and has no answer.
pub(super) fn forget(database: &Connection, connection: i64, id: IdempotencyId) -> rusqlite::Result<()> {
    database
        .prepare_cached("DELETE FROM idempotency WHERE connection = ?1 AND id = ?2 AND status IS NULL")?
        .execute(params![connection, id.0])?;
    Ok(())
}

fn delete(database: &Connection, connection: i64, id: IdempotencyId) -> rusqlite::Result<()> {
    database
        .prepare_cached("DELETE FROM idempotency WHERE connection = ?1 AND id = ?2")?
        .execute(params![connection, id.0])?;
    Ok(())
}

/// Forgets records of a connection, answered or not, as many as the batch has room for.
pub(super) fn purge(database: &Connection, connection: i64, batch: &mut PurgeBatch) -> rusqlite::Result<()> {
    let mut all = database
        .prepare_cached("SELECT id, ifnull(length(body), 0) FROM idempotency WHERE connection = ?1 ORDER BY id")?;
    let mut rows = all.query([connection])?;
    let mut ids = Vec::new();
    while batch.has_room()
        && let Some(row) = rows.next()?
    {
        ids.push(IdempotencyId(row.get(0)?));
        batch.take(usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX));
    }
    drop(rows);
    ids.into_iter().try_for_each(|id| delete(database, connection, id))
}

/// Forgets up to `rows` records that have expired, the oldest first; says how many. A record counts once more for each
/// page that its body fills, because a deletion walks through them all; one record goes in any case.
pub(super) fn delete_expired(database: &Connection, now: Timestamp, rows: usize) -> rusqlite::Result<usize> {
    let expired = oldest_expired(database, now, rows)?;
    for (connection, id) in &expired {
        delete(database, *connection, *id)?;
    }
    Ok(expired.len())
}

fn oldest_expired(database: &Connection, now: Timestamp, rows: usize) -> rusqlite::Result<Vec<(i64, IdempotencyId)>> {
    // The length of a body stands before it, so that none of its pages is read for this.
    let mut oldest = database.prepare_cached(
        "SELECT connection, id, ifnull(length(body), 0) FROM idempotency
         WHERE expires_at <= ?1 ORDER BY expires_at",
    )?;
    let mut found = oldest.query([now.as_millis()])?;
    let (mut expired, mut counted) = (Vec::new(), 0);
    while counted < rows as u64
        && let Some(row) = found.next()?
    {
        expired.push((row.get(0)?, IdempotencyId(row.get(1)?)));
        counted += 1 + row.get::<_, i64>(2)?.unsigned_abs() / PAGE_BYTES;
    }
    Ok(expired)
}
