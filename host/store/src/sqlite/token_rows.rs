//! Fetched tokens: a few rows a connection, under its id, because a connection has a number only from its first commit on.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::event_rows::parsed;
use super::life_rows;
use crate::{FetchedToken, KeepTokenError};

/// The token with this key.
pub(super) fn get(
    database: &Connection,
    connection: &ConnectionId,
    incarnation: Incarnation,
    key: [u8; 16],
) -> rusqlite::Result<Option<FetchedToken>> {
    database
        .prepare_cached(
            "SELECT connection, incarnation, key16, rotated, at, sealed FROM fetched_token
             WHERE connection = ?1 AND key16 = ?2 AND incarnation = ?3",
        )?
        .query_row(params![connection.as_str(), key, incarnation.0.cast_signed()], token)
        .optional()
}

fn token(row: &Row<'_>) -> rusqlite::Result<FetchedToken> {
    Ok(FetchedToken {
        connection: parsed(row, 0)?,
        incarnation: Incarnation(row.get::<_, i64>(1)?.unsigned_abs()),
        key: row.get(2)?,
        rotated: row.get(3)?,
        at: Timestamp::from_millis(row.get(4)?),
        sealed: row.get(5)?,
    })
}

/// Keeps a token in place of the one with its key, and forgets those that do not fit beside it.
pub(super) fn keep(database: &Connection, token: &FetchedToken) -> rusqlite::Result<Result<(), KeepTokenError>> {
    if life_rows::get(database, &token.connection)?.incarnation != token.incarnation {
        return Ok(Err(KeepTokenError::Gone));
    }
    let connection = token.connection.as_str();
    database
        .prepare_cached(
            "INSERT INTO fetched_token (connection, key16, incarnation, rotated, at, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (connection, key16) DO UPDATE SET incarnation = excluded.incarnation, rotated = excluded.rotated,
                 at = excluded.at, sealed = excluded.sealed",
        )?
        .execute(params![
            connection,
            token.key,
            token.incarnation.0.cast_signed(),
            token.rotated,
            token.at.as_millis(),
            token.sealed
        ])?;
    let others = i64::try_from(limit::FETCHED_TOKENS_MAX - 1).unwrap_or(i64::MAX);
    database
        .prepare_cached(
            "DELETE FROM fetched_token WHERE connection = ?1 AND key16 IN (
                 SELECT key16 FROM fetched_token WHERE connection = ?1 AND key16 <> ?2
                 ORDER BY rotated DESC, at DESC, key16 LIMIT -1 OFFSET ?3)",
        )?
        .execute(params![connection, token.key, others])?;
    Ok(Ok(()))
}

/// Whether any is rotated.
pub(super) fn any_rotated(database: &Connection) -> rusqlite::Result<bool> {
    database
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM fetched_token WHERE rotated = 1)")?
        .query_row([], |row| row.get(0))
}

/// Forgets those of a connection: they are so few that they go at once.
pub(super) fn remove(database: &Connection, connection: &ConnectionId) -> rusqlite::Result<()> {
    database.execute("DELETE FROM fetched_token WHERE connection = ?1", [connection.as_str()])?;
    Ok(())
}
