//! Consents: one row a connection, under its id, because a connection has a number only from its first commit on.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::ConnectionId;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::event_rows::parsed;
use crate::Consent;

/// The consent of a connection, if it has one.
pub(super) fn get(database: &Connection, connection: &ConnectionId) -> rusqlite::Result<Option<Consent>> {
    database
        .prepare_cached("SELECT connection, plugin, asked, at FROM consent WHERE connection = ?1")?
        .query_row([connection.as_str()], consent)
        .optional()
}

/// Every consent, by connection.
pub(super) fn all(database: &Connection) -> rusqlite::Result<Vec<Consent>> {
    let mut all = database.prepare_cached("SELECT connection, plugin, asked, at FROM consent ORDER BY connection")?;
    let consents = all.query_map([], consent)?;
    consents.collect()
}

fn consent(row: &Row<'_>) -> rusqlite::Result<Consent> {
    Ok(Consent {
        connection: parsed(row, 0)?,
        plugin: parsed(row, 1)?,
        asked: row.get(2)?,
        at: Timestamp::from_millis(row.get(3)?),
    })
}

/// Forgets the consent of a connection, if it has one.
pub(super) fn remove(database: &Connection, connection: &ConnectionId) -> rusqlite::Result<()> {
    database.execute("DELETE FROM consent WHERE connection = ?1", [connection.as_str()])?;
    Ok(())
}

/// Keeps a consent in place of the one that its connection has.
pub(super) fn set(database: &Connection, consent: &Consent) -> rusqlite::Result<()> {
    let (connection, plugin) = (consent.connection.as_str(), consent.plugin.as_str());
    database
        .prepare_cached(
            "INSERT INTO consent (connection, plugin, asked, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (connection) DO UPDATE SET plugin = excluded.plugin, asked = excluded.asked, at = excluded.at",
        )?
        .execute(params![connection, plugin, consent.asked, consent.at.as_millis()])?;
    Ok(())
}
