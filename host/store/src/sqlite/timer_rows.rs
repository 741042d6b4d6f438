//! Timers: one row each, under the generation.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::timer::{Generation, Timer, TimerDepth, TimerStanding};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::event_rows::parsed;
use super::inbox_rows::{next, next_at, reason};
use super::state::connection_number;
use crate::pages::TimerPageBuilder;
use crate::purge_batch::PurgeBatch;

/// Starts a timer. There must be none of its name.
pub(super) fn insert(
    database: &Connection,
    connection: i64,
    generation: Generation,
    name: &str,
    started_at: Timestamp,
    due_at: Timestamp,
    payload: &str,
) -> rusqlite::Result<()> {
    database
        .prepare_cached(
            "INSERT INTO timer (generation, connection, name, started_at, due_at, failed, attempts, next_at, version, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?5, 0, ?6)",
        )?
        .execute(params![
            generation.0.cast_signed(),
            connection,
            name,
            started_at.as_millis(),
            due_at.as_millis(),
            payload
        ])?;
    Ok(())
}

/// Forgets a timer; whether there was one.
pub(super) fn delete(database: &Connection, connection: i64, name: &str) -> rusqlite::Result<bool> {
    let deleted = database
        .prepare_cached("DELETE FROM timer WHERE connection = ?1 AND name = ?2")?
        .execute(params![connection, name])?;
    Ok(deleted > 0)
}

/// Changes how a timer stands, if it is there, and counts the change.
pub(super) fn update(
    database: &Connection,
    connection: i64,
    name: &str,
    standing: &TimerStanding,
) -> rusqlite::Result<()> {
    database
        .prepare_cached(
            "UPDATE timer SET failed = ?3, attempts = ?4, next_at = ?5, version = version + 1, code = ?6, message = ?7
             WHERE connection = ?1 AND name = ?2",
        )?
        .execute(params![
            connection,
            name,
            standing.next.is_none(),
            standing.attempts,
            next_at(standing.next),
            standing.error.as_ref().map(|error| error.code.as_str()),
            standing.error.as_ref().map(|error| error.message.as_str()),
        ])?;
    Ok(())
}

/// The generation and the version of a timer, if it is there.
pub(super) fn version(
    database: &Connection,
    connection: i64,
    name: &str,
) -> rusqlite::Result<Option<(Generation, u32)>> {
    database
        .prepare_cached("SELECT generation, version FROM timer WHERE connection = ?1 AND name = ?2")?
        .query_row(params![connection, name], |row| Ok((generation(row, 0)?, row.get(1)?)))
        .optional()
}

/// How many timers a connection has.
pub(super) fn count(database: &Connection, connection: i64) -> rusqlite::Result<usize> {
    let count: i64 = database.prepare_cached(COUNT)?.query_row([connection], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) const COUNT: &str = "SELECT count(*) FROM timer WHERE connection = ?1";

/// Both read nothing but an index.
pub(super) const DEPTHS: &str = "
    SELECT (SELECT name FROM connection WHERE connection.id = timer.connection), connection, count(*)
    FROM timer GROUP BY connection";
pub(super) const FAILED: &str = "SELECT count(*) FROM timer WHERE connection = ?1 AND failed = 1";

/// How many timers each connection has.
pub(super) fn depths(database: &Connection) -> rusqlite::Result<Vec<TimerDepth>> {
    let (mut all, mut failed) = (database.prepare_cached(DEPTHS)?, database.prepare_cached(FAILED)?);
    let depths = all.query_map([], |row| {
        let (number, count): (i64, i64) = (row.get(1)?, row.get(2)?);
        let failed: i64 = failed.query_row([number], |row| row.get(0))?;
        let (count, failed) = (count.unsigned_abs(), failed.unsigned_abs());
        Ok(TimerDepth { connection: parsed(row, 0)?, pending: count.saturating_sub(failed), failed })
    })?;
    let mut depths: Vec<_> = depths.collect::<Result<_, _>>()?;
    depths.sort_by(|one, other| one.connection.cmp(&other.connection));
    Ok(depths)
}

/// The names of a connection's timers, in byte order.
pub(super) fn names(database: &Connection, connection: &ConnectionId) -> rusqlite::Result<Vec<String>> {
    let Some(connection) = connection_number(database, connection)? else { return Ok(Vec::new()) };
    let mut all = database.prepare_cached(NAMES)?;
    let names = all.query_map([connection], |row| row.get(0))?;
    names.collect()
}

pub(super) const NAMES: &str = "SELECT name FROM timer WHERE connection = ?1 ORDER BY name";

macro_rules! timers {
    ($rest:literal) => {
        concat!(
            "SELECT connection.name, timer.name, generation, payload, started_at, due_at, failed, attempts, next_at,
                    version, code, message
             FROM connection CROSS JOIN timer ON timer.connection = connection.id ",
            $rest
        )
    };
}

/// One timer, if it is there.
pub(super) fn get(database: &Connection, connection: &ConnectionId, name: &str) -> rusqlite::Result<Option<Timer>> {
    database
        .prepare_cached(timers!("WHERE connection.name = ?1 AND timer.name = ?2"))?
        .query_row(params![connection.as_str(), name], timer)
        .optional()
}

// Connections are the outer loop, by name, and a cross join keeps them there: so the rows come in their order.
pub(super) const ALL: &str = timers!(
    "WHERE connection.name >= ?1 AND (connection.name > ?1 OR timer.name > ?2) ORDER BY connection.name, timer.name"
);
pub(super) const OF_CONNECTION: &str = timers!("WHERE connection.name = ?1 AND timer.name > ?2 ORDER BY timer.name");

/// One page of timers, of one connection or of all.
pub(super) fn page(
    database: &Connection,
    connection: Option<&ConnectionId>,
    after: Option<&(ConnectionId, String)>,
    limit: usize,
) -> rusqlite::Result<Vec<Timer>> {
    let mut page = TimerPageBuilder::new(limit);
    let after = after.map_or(("", ""), |(connection, name)| (connection.as_str(), name.as_str()));
    // What comes after a timer of another connection is all of this one's, or nothing.
    let (sql, from) = match connection.map(ConnectionId::as_str) {
        None => (ALL, after),
        Some(of) if of == after.0 => (OF_CONNECTION, after),
        Some(of) if of > after.0 => (OF_CONNECTION, (of, "")),
        Some(_) => return Ok(page.done()),
    };
    let mut following = database.prepare_cached(sql)?;
    let mut rows = following.query([from.0, from.1])?;
    while page.has_room()
        && let Some(row) = rows.next()?
    {
        page.take(timer(row)?);
    }
    Ok(page.done())
}

fn timer(row: &Row<'_>) -> rusqlite::Result<Timer> {
    let failed: bool = row.get(6)?;
    let next = if failed { None } else { Some(next(row, 8)?) };
    Ok(Timer {
        connection: parsed(row, 0)?,
        name: row.get(1)?,
        generation: generation(row, 2)?,
        payload: row.get(3)?,
        started_at: Timestamp::from_millis(row.get(4)?),
        due_at: Timestamp::from_millis(row.get(5)?),
        standing: TimerStanding { attempts: row.get(7)?, next, error: reason(row, 10)? },
        version: row.get(9)?,
    })
}

fn generation(row: &Row<'_>, column: usize) -> rusqlite::Result<Generation> {
    Ok(Generation(row.get::<_, i64>(column)?.unsigned_abs()))
}

/// Forgets timers of a connection, as many as the batch has room for.
pub(super) fn purge(database: &Connection, connection: i64, batch: &mut PurgeBatch) -> rusqlite::Result<()> {
    let mut all =
        database.prepare_cached("SELECT name, octet_length(payload) FROM timer WHERE connection = ?1 ORDER BY name")?;
    let mut rows = all.query([connection])?;
    let mut names: Vec<String> = Vec::new();
    while batch.has_room()
        && let Some(row) = rows.next()?
    {
        names.push(row.get(0)?);
        batch.take(usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX));
    }
    drop(rows);
    names.iter().try_for_each(|name| delete(database, connection, name).map(drop))
}
