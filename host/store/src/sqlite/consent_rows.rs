//! Consents: one row a connection, under its id, because a connection has a number only from its first commit on.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::ConnectionId;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::event_rows::parsed;
use crate::Consent;

/// The consent of a connection, if it has one.
pub(super) fn get(database: &Connection, connection: &ConnectionId) -> rusqlite::Result<Option<Consent>> {
    database
        .prepare_cached("SELECT plugin, asked, at FROM consent WHERE connection = ?1")?
        .query_row([connection.as_str()], |row| {
            Ok(Consent {
                connection: connection.clone(),
                plugin: parsed(row, 0)?,
                asked: row.get(1)?,
                at: Timestamp::from_millis(row.get(2)?),
            })
        })
        .optional()
}

/// Keeps a consent in place of the one that its connection has.
pub(super) fn set(database: &Connection, consent: &Consent) -> rusqlite::Result<()> {
    let (connection, plugin) = (consent.connection.as_str(), consent.plugin.as_str());
    database.execute(
        "INSERT INTO consent (connection, plugin, asked, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (connection) DO UPDATE SET plugin = excluded.plugin, asked = excluded.asked, at = excluded.at",
        params![connection, plugin, consent.asked, consent.at.as_millis()],
    )?;
    Ok(())
}
