//! Lives of connections: one row for each id that was ever deleted, or is being deleted.

use hookyard_domain::connection::Incarnation;
use hookyard_domain::id::ConnectionId;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::event_rows::parsed;
use crate::Life;

/// The life of an id: the first one, if there is no word of it.
pub(super) fn get(database: &Connection, connection: &ConnectionId) -> rusqlite::Result<Life> {
    let row = database
        .prepare_cached("SELECT connection, incarnation, deleting FROM life WHERE connection = ?1")?
        .query_row([connection.as_str()], life)
        .optional()?;
    let first = || Life { connection: connection.clone(), incarnation: Incarnation::default(), deleting: false };
    Ok(row.unwrap_or_else(first))
}

/// All that are written down, by id.
pub(super) fn all(database: &Connection) -> rusqlite::Result<Vec<Life>> {
    let mut all = database.prepare_cached("SELECT connection, incarnation, deleting FROM life ORDER BY connection")?;
    let lives = all.query_map([], life)?;
    lives.collect()
}

fn life(row: &Row<'_>) -> rusqlite::Result<Life> {
    Ok(Life {
        connection: parsed(row, 0)?,
        incarnation: Incarnation(row.get::<_, i64>(1)?.unsigned_abs()),
        deleting: row.get(2)?,
    })
}

/// Writes a life down in place of what stood there of its id.
pub(super) fn set(database: &Connection, life: &Life) -> rusqlite::Result<()> {
    database.execute(
        "INSERT INTO life (connection, incarnation, deleting) VALUES (?1, ?2, ?3)
         ON CONFLICT (connection) DO UPDATE SET incarnation = excluded.incarnation, deleting = excluded.deleting",
        params![life.connection.as_str(), life.incarnation.0.cast_signed(), life.deleting],
    )?;
    Ok(())
}
