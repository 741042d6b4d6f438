//! Marks: one row a mark and day.

use std::collections::BTreeSet;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::MarkKey;
use hookyard_domain::limit;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Sets a mark under a day.
pub(super) fn insert(database: &Connection, mark: MarkKey, day: i64) -> rusqlite::Result<()> {
    database
        .prepare_cached("INSERT OR IGNORE INTO mark (day, key16) VALUES (?1, ?2)")?
        .execute(params![day, mark.0])?;
    Ok(())
}

/// Whether the mark is set under one of these days.
pub(super) fn marked_on(
    database: &Connection,
    mark: MarkKey,
    days: impl Iterator<Item = i64>,
) -> rusqlite::Result<bool> {
    let mut probe = database.prepare_cached("SELECT 1 FROM mark WHERE day = ?1 AND key16 = ?2")?;
    for day in days {
        if probe.exists(params![day, mark.0])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the mark is set, within the retention time.
pub(super) fn marked(database: &Connection, mark: MarkKey, now: Timestamp) -> rusqlite::Result<bool> {
    let days = days_from(database, oldest_kept(now))?;
    marked_on(database, mark, days.into_iter().rev())
}

/// The oldest day whose marks count.
pub(super) fn oldest_kept(now: Timestamp) -> i64 {
    now.as_days() - limit::MARK_RETENTION_DAYS
}

/// Every day that has marks.
pub(super) fn days(database: &Connection) -> rusqlite::Result<BTreeSet<i64>> {
    days_from(database, i64::MIN)
}

/// Steps from day to day by the primary key, however many marks a day has.
fn days_from(database: &Connection, first: i64) -> rusqlite::Result<BTreeSet<i64>> {
    let mut next = database.prepare_cached("SELECT day FROM mark WHERE day >= ?1 ORDER BY day LIMIT 1")?;
    let mut days = BTreeSet::new();
    let mut from = first;
    while let Some(day) = next.query_row([from], |row| row.get::<_, i64>(0)).optional()? {
        days.insert(day);
        from = day + 1;
    }
    Ok(days)
}

/// Forgets up to `rows` marks of the oldest day before `day`; says how many.
pub(super) fn delete_before(database: &Connection, day: i64, rows: usize) -> rusqlite::Result<usize> {
    let oldest = database
        .prepare_cached("SELECT day FROM mark WHERE day < ?1 ORDER BY day LIMIT 1")?
        .query_row([day], |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(oldest) = oldest else { return Ok(0) };
    // Neighbours in key order share pages, so a batch touches few of them.
    let bound = database
        .prepare_cached("SELECT key16 FROM mark WHERE day = ?1 ORDER BY key16 LIMIT 1 OFFSET ?2")?
        .query_row(params![oldest, i64::try_from(rows).unwrap_or(i64::MAX)], |row| row.get::<_, Vec<u8>>(0))
        .optional()?;
    match bound {
        Some(bound) => {
            database.prepare_cached("DELETE FROM mark WHERE day = ?1 AND key16 < ?2")?.execute(params![oldest, bound])
        }
        None => database.prepare_cached("DELETE FROM mark WHERE day = ?1")?.execute([oldest]),
    }
}
