//! Connections that were made through the API, and what connections of any origin work with: one row each, under the id.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;
use rusqlite::{Connection, Row, params};

use super::event_rows::parsed;
use super::life_rows;
use crate::{ConnectionRecord, HeldVersion, SaveConnectionError};

/// Every record, by id.
pub(super) fn records(database: &Connection) -> rusqlite::Result<Vec<ConnectionRecord>> {
    let mut all = database.prepare_cached(
        "SELECT id, plugin, granted, enabled, created_at, updated_at, config FROM api_connection ORDER BY id",
    )?;
    let records = all.query_map([], record)?;
    records.collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<ConnectionRecord> {
    Ok(ConnectionRecord {
        id: parsed(row, 0)?,
        plugin: parsed(row, 1)?,
        grant: row.get(2)?,
        enabled: row.get(3)?,
        created_at: Timestamp::from_millis(row.get(4)?),
        updated_at: Timestamp::from_millis(row.get(5)?),
        config: row.get(6)?,
    })
}

/// Whether there is a record with this id.
pub(super) fn exists(database: &Connection, id: &ConnectionId) -> rusqlite::Result<bool> {
    let found = "SELECT EXISTS (SELECT 1 FROM api_connection WHERE id = ?1)";
    database.prepare_cached(found)?.query_row([id.as_str()], |row| row.get(0))
}

/// Keeps a record in place of the one with its id, or says why not.
pub(super) fn save(
    database: &Connection,
    record: &ConnectionRecord,
) -> rusqlite::Result<Result<(), SaveConnectionError>> {
    if life_rows::get(database, &record.id)?.deleting {
        return Ok(Err(SaveConnectionError::Deleting));
    }
    let existing: i64 = database.query_row("SELECT count(*) FROM api_connection", [], |row| row.get(0))?;
    let max = limit::API_CONNECTIONS_MAX;
    if existing.unsigned_abs() >= max as u64 && !exists(database, &record.id)? {
        return Ok(Err(SaveConnectionError::TooMany { max }));
    }
    database.execute(
        "INSERT INTO api_connection (id, plugin, granted, enabled, created_at, updated_at, config)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id)
         DO UPDATE SET plugin = excluded.plugin, granted = excluded.granted, enabled = excluded.enabled,
                       created_at = excluded.created_at, updated_at = excluded.updated_at, config = excluded.config",
        params![
            record.id.as_str(),
            record.plugin.as_str(),
            record.grant,
            record.enabled,
            record.created_at.as_millis(),
            record.updated_at.as_millis(),
            record.config,
        ],
    )?;
    Ok(Ok(()))
}

/// Forgets a record, if it is there.
pub(super) fn remove(database: &Connection, id: &ConnectionId) -> rusqlite::Result<()> {
    database.execute("DELETE FROM api_connection WHERE id = ?1", [id.as_str()])?;
    Ok(())
}

/// What each connection works with, by connection.
pub(super) fn held(database: &Connection) -> rusqlite::Result<Vec<HeldVersion>> {
    let mut all =
        database.prepare_cached("SELECT connection, plugin, content FROM held_version ORDER BY connection")?;
    let held = all.query_map([], |row| {
        Ok(HeldVersion { connection: parsed(row, 0)?, plugin: parsed(row, 1)?, content: ContentHash(row.get(2)?) })
    })?;
    held.collect()
}

/// Keeps what a connection works with, in place of what it worked with before.
pub(super) fn hold(database: &Connection, held: &HeldVersion) -> rusqlite::Result<()> {
    database
        .prepare_cached(
            "INSERT INTO held_version (connection, plugin, content) VALUES (?1, ?2, ?3)
             ON CONFLICT (connection) DO UPDATE SET plugin = excluded.plugin, content = excluded.content",
        )?
        .execute(params![held.connection.as_str(), held.plugin.as_str(), held.content.0])?;
    Ok(())
}

/// Forgets what a connection works with.
pub(super) fn release(database: &Connection, id: &ConnectionId) -> rusqlite::Result<()> {
    database.execute("DELETE FROM held_version WHERE connection = ?1", [id.as_str()])?;
    Ok(())
}
