//! Kept webhooks: how each stands in one row, what was received in another, under the same place.

use std::collections::HashMap;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::MarkKey;
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{Next, Reason, Standing, WebhookState};
use hookyard_domain::webhook::KeptWebhook;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::inbox_content_rows;
use super::schema::PAGE_BYTES;
use crate::InboxUse;
use crate::purge_batch::PurgeBatch;

/// The part of a row that decides whether and how it may change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) place: i64,
    pub(super) connection: i64,
    pub(super) state: WebhookState,
    pub(super) version: u32,
    pub(super) bytes: u64,
}

/// The row of a webhook, if it is there.
pub(super) fn find(database: &Connection, id: WebhookId) -> rusqlite::Result<Option<Kept>> {
    database
        .prepare_cached("SELECT place, connection, state, version, bytes FROM inbox WHERE id = ?1")?
        .query_row([id.to_bytes()], |row| {
            Ok(Kept {
                place: row.get(0)?,
                connection: row.get(1)?,
                state: state(row, 2)?,
                version: row.get(3)?,
                bytes: row.get::<_, i64>(4)?.unsigned_abs(),
            })
        })
        .optional()
}

/// Whether a pending or failed webhook has this mark.
pub(super) fn is_kept(database: &Connection, mark: MarkKey) -> rusqlite::Result<bool> {
    database.prepare_cached("SELECT 1 FROM inbox WHERE mark16 = ?1 AND state < 2")?.exists([mark.0])
}

/// Puts a webhook into the inbox; `false`, and nothing happens, if its id or its place is there already.
pub(super) fn insert(
    database: &Connection,
    connection: i64,
    webhook: &KeptWebhook,
    standing: &Standing,
) -> rusqlite::Result<bool> {
    let place = webhook.place.0.cast_signed();
    let inserted = database
        .prepare_cached(
            "INSERT INTO inbox (place, id, connection, state, version, attempts, next_at, since, rearmed, blocks,
                                received_at, bytes, mark16, order_key, code, message)
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            place,
            webhook.id.to_bytes(),
            connection,
            number(standing.state),
            standing.attempts,
            next_at(standing.next),
            standing.since.as_millis(),
            standing.rearmed,
            standing.blocks,
            webhook.received_at.as_millis(),
            i64::try_from(webhook.bytes()).unwrap_or(i64::MAX),
            webhook.dedupe.as_ref().map(|(_, mark)| mark.0),
            webhook.order_key,
            standing.error.as_ref().map(|error| error.code.as_str()),
            standing.error.as_ref().map(|error| error.message.as_str()),
        ])?;
    if inserted == 0 {
        return Ok(false);
    }
    inbox_content_rows::insert(database, place, webhook)?;
    Ok(true)
}

/// Changes how a webhook stands, and counts the change.
pub(super) fn update(database: &Connection, place: i64, standing: &Standing) -> rusqlite::Result<()> {
    database
        .prepare_cached(
            "UPDATE inbox SET state = ?2, version = version + 1, attempts = ?3, next_at = ?4, since = ?5, rearmed = ?6,
                              blocks = ?7, code = ?8, message = ?9
             WHERE place = ?1",
        )?
        .execute(params![
            place,
            number(standing.state),
            standing.attempts,
            next_at(standing.next),
            standing.since.as_millis(),
            standing.rearmed,
            standing.blocks,
            standing.error.as_ref().map(|error| error.code.as_str()),
            standing.error.as_ref().map(|error| error.message.as_str()),
        ])?;
    Ok(())
}

fn delete(database: &Connection, place: i64) -> rusqlite::Result<()> {
    database.prepare_cached("DELETE FROM inbox_content WHERE place = ?1")?.execute([place])?;
    database.prepare_cached("DELETE FROM inbox WHERE place = ?1")?.execute([place])?;
    Ok(())
}

/// How much of each connection, by its number, is pending or failed. Reads nothing but an index.
pub(super) fn unsettled(database: &Connection) -> rusqlite::Result<HashMap<i64, InboxUse>> {
    let mut all = database.prepare_cached(UNSETTLED)?;
    let counted = all.query_map([], |row| {
        let (webhooks, bytes): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok((row.get(0)?, InboxUse { webhooks: webhooks.unsigned_abs(), bytes: bytes.unsigned_abs() }))
    })?;
    counted.collect()
}

pub(super) const UNSETTLED: &str =
    "SELECT connection, count(*), sum(bytes) FROM inbox WHERE state < 2 GROUP BY connection";

/// Forgets webhooks of a connection, whatever became of them, as many as the batch has room for. Calls `forgotten` with the size
/// of each that was pending or failed.
pub(super) fn purge(
    database: &Connection,
    connection: i64,
    batch: &mut PurgeBatch,
    mut forgotten: impl FnMut(u64),
) -> rusqlite::Result<()> {
    let mut all = database.prepare_cached(OF_CONNECTION)?;
    let mut rows = all.query([connection])?;
    let mut places = Vec::new();
    while batch.has_room()
        && let Some(row) = rows.next()?
    {
        let bytes = row.get::<_, i64>(2)?.unsigned_abs();
        places.push(row.get(0)?);
        batch.take(usize::try_from(bytes).unwrap_or(usize::MAX));
        if state(row, 1)?.is_unsettled() {
            forgotten(bytes);
        }
    }
    drop(rows);
    places.into_iter().try_for_each(|place| delete(database, place))
}

pub(super) const OF_CONNECTION: &str = "SELECT place, state, bytes FROM inbox WHERE connection = ?1 ORDER BY place";

/// Forgets up to `rows` webhooks that were handled or skipped at `until` or before, the first of them first; says how many. A
/// webhook counts once more for each page that it fills, because a deletion walks through them all; one goes in any case.
pub(super) fn delete_settled(database: &Connection, until: Timestamp, rows: usize) -> rusqlite::Result<usize> {
    let mut oldest = database.prepare_cached(SETTLED)?;
    let mut found = oldest.query([until.as_millis()])?;
    let (mut places, mut counted) = (Vec::new(), 0);
    while counted < rows as u64
        && let Some(row) = found.next()?
    {
        places.push(row.get(0)?);
        counted += 1 + row.get::<_, i64>(1)?.unsigned_abs() / PAGE_BYTES;
    }
    drop(found);
    for place in &places {
        delete(database, *place)?;
    }
    Ok(places.len())
}

pub(super) const SETTLED: &str = "SELECT place, bytes FROM inbox WHERE state > 1 AND since <= ?1 ORDER BY since";

/// How a webhook stands, from its columns `state, attempts, next_at, since, rearmed, blocks, code, message`; `first` is the first.
pub(super) fn standing(row: &Row<'_>, first: usize) -> rusqlite::Result<Standing> {
    let state = state(row, first)?;
    Ok(Standing {
        state,
        attempts: row.get(first + 1)?,
        next: (state == WebhookState::Pending).then_some(next(row, first + 2)?),
        since: Timestamp::from_millis(row.get(first + 3)?),
        rearmed: row.get(first + 4)?,
        blocks: row.get(first + 5)?,
        error: reason(row, first + 6)?,
    })
}

/// What something that is not at rest waits for.
pub(super) fn next(row: &Row<'_>, column: usize) -> rusqlite::Result<Next> {
    let at: Option<i64> = row.get(column)?;
    Ok(at.map_or(Next::Activation, |at| Next::At(Timestamp::from_millis(at))))
}

/// The same as a column.
pub(super) fn next_at(next: Option<Next>) -> Option<i64> {
    match next {
        Some(Next::At(at)) => Some(at.as_millis()),
        Some(Next::Activation) | None => None,
    }
}

/// Why a run failed, from this column and the next.
pub(super) fn reason(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Reason>> {
    let code: Option<String> = row.get(column)?;
    code.map(|code| Ok(Reason { code, message: row.get(column + 1)? })).transpose()
}

/// What stands for a state.
pub(super) const fn number(state: WebhookState) -> i64 {
    match state {
        WebhookState::Pending => 0,
        WebhookState::Failed => 1,
        WebhookState::Handled => 2,
        WebhookState::Skipped => 3,
    }
}

/// The state that stands in a column.
pub(super) fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<WebhookState> {
    let found: i64 = row.get(column)?;
    let state = WebhookState::ALL.into_iter().find(|state| number(*state) == found);
    state.ok_or(rusqlite::Error::IntegralValueOutOfRange(column, found))
}
