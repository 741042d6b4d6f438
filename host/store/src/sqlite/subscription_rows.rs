//! Subscriptions: what is kept of each in one row, how far it has come in another, under the same number.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::inbox::Reason;
use hookyard_domain::limit;
use hookyard_domain::subscription::{Paused, Position};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::event_rows::parsed;
use super::inbox_rows::reason;
use crate::{SaveSubscriptionError, SubscriptionRecord};

/// All of them, by name.
pub(super) fn records(database: &Connection) -> rusqlite::Result<Vec<SubscriptionRecord>> {
    let mut all = database
        .prepare_cached("SELECT name, definition, secrets, created_at, updated_at FROM subscription ORDER BY name")?;
    let records = all.query_map([], |row| {
        Ok(SubscriptionRecord {
            id: parsed(row, 0)?,
            definition: row.get(1)?,
            secrets: row.get(2)?,
            created_at: Timestamp::from_millis(row.get(3)?),
            updated_at: Timestamp::from_millis(row.get(4)?),
        })
    })?;
    records.collect()
}

/// Keeps a subscription in place of the one with its name. The inner error is a refusal.
pub(super) fn save(
    database: &Connection,
    record: &SubscriptionRecord,
    from: Offset,
) -> rusqlite::Result<Result<(), SaveSubscriptionError>> {
    let max = limit::API_SUBSCRIPTIONS_MAX;
    let name = record.id.as_str();
    if record.definition.is_some() && !is_made(database, name)? && count_made(database)? >= max {
        return Ok(Err(SaveSubscriptionError::TooMany { max }));
    }
    let columns =
        params![name, record.created_at.as_millis(), record.updated_at.as_millis(), record.secrets, record.definition];
    let updated = database
        .prepare_cached(
            "UPDATE subscription SET created_at = ?2, updated_at = ?3, secrets = ?4, definition = ?5 WHERE name = ?1",
        )?
        .execute(columns)?;
    if updated == 0 {
        let number = database
            .prepare_cached(
                "INSERT INTO subscription (name, created_at, updated_at, secrets, definition)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .insert(columns)?;
        database
            .prepare_cached("INSERT INTO position (subscription, cursor, replays) VALUES (?1, ?2, 0)")?
            .execute(params![number, offset_column(from)])?;
    }
    Ok(Ok(()))
}

/// Whether there is one of this name that was made through the API.
fn is_made(database: &Connection, name: &str) -> rusqlite::Result<bool> {
    database.prepare_cached("SELECT 1 FROM subscription WHERE name = ?1 AND definition IS NOT NULL")?.exists([name])
}

fn count_made(database: &Connection) -> rusqlite::Result<usize> {
    let count: i64 = database.prepare_cached(MADE)?.query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Reads nothing but an index.
pub(super) const MADE: &str = "SELECT count(*) FROM subscription WHERE definition IS NOT NULL";

/// Forgets a subscription and where it stands; whether there was one. Its deliveries are left to retention.
pub(super) fn remove(database: &Connection, id: &SubscriptionId) -> rusqlite::Result<bool> {
    let Some(number) = number(database, id)? else { return Ok(false) };
    database.prepare_cached("DELETE FROM subscription WHERE number = ?1")?.execute([number])?;
    database.prepare_cached("DELETE FROM position WHERE subscription = ?1")?.execute([number])?;
    database.prepare_cached("INSERT INTO removed_subscription (number) VALUES (?1)")?.execute([number])?;
    Ok(true)
}

/// The number of a subscription, if there is one of this name.
pub(super) fn number(database: &Connection, id: &SubscriptionId) -> rusqlite::Result<Option<i64>> {
    database
        .prepare_cached("SELECT number FROM subscription WHERE name = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()
}

/// Says how far a subscription has come, if there is one.
pub(super) fn advance(database: &Connection, position: &Position) -> rusqlite::Result<()> {
    let paused = position.paused.as_ref();
    database
        .prepare_cached(
            "UPDATE position SET cursor = ?2, replays = ?3, failing_since = ?4, paused_since = ?5, code = ?6, message = ?7
             WHERE subscription = (SELECT number FROM subscription WHERE name = ?1)",
        )?
        .execute(params![
            position.subscription.as_str(),
            offset_column(position.cursor),
            position.replays,
            position.failing_since.map(Timestamp::as_millis),
            paused.map(|paused| paused.since.as_millis()),
            paused.map(|paused| paused.reason.code.as_str()),
            paused.map(|paused| paused.reason.message.as_str()),
        ])?;
    Ok(())
}

/// How far each has come, by name.
pub(super) fn positions(database: &Connection) -> rusqlite::Result<Vec<Position>> {
    let mut all = database.prepare_cached(
        "SELECT name, cursor, replays, failing_since, paused_since, code, message
         FROM subscription JOIN position ON position.subscription = subscription.number ORDER BY name",
    )?;
    let positions = all.query_map([], position)?;
    positions.collect()
}

fn position(row: &Row<'_>) -> rusqlite::Result<Position> {
    let paused_since: Option<i64> = row.get(4)?;
    let reason: Option<Reason> = reason(row, 5)?;
    Ok(Position {
        subscription: parsed(row, 0)?,
        cursor: Offset(row.get::<_, i64>(1)?.unsigned_abs()),
        replays: row.get(2)?,
        failing_since: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
        paused: paused_since.zip(reason).map(|(since, reason)| Paused { since: Timestamp::from_millis(since), reason }),
    })
}

/// An offset as a column; one beyond all that there can be stays beyond them.
pub(super) fn offset_column(offset: Offset) -> i64 {
    i64::try_from(offset.0).unwrap_or(i64::MAX)
}
