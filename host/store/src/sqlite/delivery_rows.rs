//! Deliveries that did not succeed at once: one row each, under its place in the list.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{Attempt, Delivery, DeliveryStanding, DeliveryState};
use hookyard_domain::event::Offset;
use hookyard_domain::id::{DeliveryId, EventId, SubscriptionId};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::event_rows::parsed;
use super::inbox_rows::{next, next_at};
use super::schema::PAGE_BYTES;
use super::subscription_rows::{number as subscription_number, offset_column};

/// Keeps a delivery in place of the one of its subscription and offset; nothing if there is no such subscription.
pub(super) fn keep(database: &Connection, delivery: &Delivery) -> rusqlite::Result<()> {
    let Some(subscription) = subscription_number(database, &delivery.subscription)? else { return Ok(()) };
    let standing = &delivery.standing;
    let history = history_column(&standing.history)?;
    let held = database
        .prepare_cached("SELECT place, state, since FROM delivery WHERE subscription = ?1 AND offset = ?2")?
        .query_row(params![subscription, offset_column(delivery.offset)], |row| {
            Ok((row.get::<_, i64>(0)?, state(row, 1)?, Timestamp::from_millis(row.get(2)?)))
        })
        .optional()?;
    let Some((place, held_state, held_since)) = held else { return insert(database, subscription, delivery, &history) };
    database
        .prepare_cached(
            "UPDATE delivery SET attempts = ?2, replay = ?3, retries = ?4, next_at = ?5, history = ?6 WHERE place = ?1",
        )?
        .execute(params![
            place,
            standing.attempts,
            standing.replay,
            standing.retries,
            next_at(standing.next),
            history
        ])?;
    // Apart from the rest, because these stand in indexes and most attempts do not change them.
    if (held_state, held_since) != (standing.state, standing.since) {
        database.prepare_cached("UPDATE delivery SET state = ?2, since = ?3 WHERE place = ?1")?.execute(params![
            place,
            number(standing.state),
            standing.since.as_millis()
        ])?;
    }
    Ok(())
}

fn insert(database: &Connection, subscription: i64, delivery: &Delivery, history: &str) -> rusqlite::Result<()> {
    let standing = &delivery.standing;
    database
        .prepare_cached(
            "INSERT INTO delivery (subscription, offset, id, event, type, subject, state, attempts, replay, retries,
                                   next_at, since, history)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            subscription,
            offset_column(delivery.offset),
            delivery.id.to_bytes(),
            delivery.event.to_bytes(),
            delivery.event_type,
            delivery.subject,
            number(standing.state),
            standing.attempts,
            standing.replay,
            standing.retries,
            next_at(standing.next),
            standing.since.as_millis(),
            history,
        ])?;
    Ok(())
}

/// Forgets the deliveries of a subscription whose events stand after this offset.
pub(super) fn forget_after(
    database: &Connection,
    subscription: &SubscriptionId,
    after: Offset,
) -> rusqlite::Result<()> {
    if let Some(number) = subscription_number(database, subscription)? {
        database.prepare_cached(FORGET_AFTER)?.execute(params![number, offset_column(after)])?;
    }
    Ok(())
}

pub(super) const FORGET_AFTER: &str = "DELETE FROM delivery WHERE subscription = ?1 AND offset > ?2";

/// Forgets up to `rows` deliveries of a subscription that was removed; whether there may be more.
pub(super) fn delete_of_removed(database: &Connection, rows: usize) -> rusqlite::Result<bool> {
    let removed = database
        .prepare_cached("SELECT number FROM removed_subscription ORDER BY number LIMIT 1")?
        .query_row([], |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(removed) = removed else { return Ok(false) };
    if delete_batch(database, OF_SUBSCRIPTION, removed, rows)? == 0 {
        database.prepare_cached("DELETE FROM removed_subscription WHERE number = ?1")?.execute([removed])?;
    }
    Ok(true)
}

pub(super) const OF_SUBSCRIPTION: &str =
    "SELECT place, octet_length(history) FROM delivery WHERE subscription = ?1 ORDER BY offset";

/// Forgets up to `rows` deliveries that were given up or succeeded at `until` or before, the first of them first; says how many.
/// Those beyond the cursor stay: it is by them that the host knows not to deliver their events again when it reads on.
pub(super) fn delete_settled(database: &Connection, until: Timestamp, rows: usize) -> rusqlite::Result<usize> {
    delete_batch(database, SETTLED, until.as_millis(), rows)
}

pub(super) const SETTLED: &str = "
    SELECT place, octet_length(history) FROM delivery
    WHERE state > 0 AND since <= ?1
      AND offset <= (SELECT cursor FROM position WHERE position.subscription = delivery.subscription)
    ORDER BY since";

/// Deletes rows that `sql` finds. A row counts once more for each page that its history fills, because a deletion walks through
/// them all; one goes in any case.
fn delete_batch(database: &Connection, sql: &str, parameter: i64, rows: usize) -> rusqlite::Result<usize> {
    let mut found = database.prepare_cached(sql)?;
    let mut found = found.query([parameter])?;
    let (mut places, mut counted) = (Vec::new(), 0);
    while counted < rows as u64
        && let Some(row) = found.next()?
    {
        places.push(row.get::<_, i64>(0)?);
        counted += 1 + row.get::<_, i64>(1)?.unsigned_abs() / PAGE_BYTES;
    }
    drop(found);
    let mut delete = database.prepare_cached("DELETE FROM delivery WHERE place = ?1")?;
    for place in &places {
        delete.execute([place])?;
    }
    Ok(places.len())
}

macro_rules! deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT subscription.name, offset, delivery.id, event, type, subject, state, attempts, replay, retries,
                    next_at, since, history
             FROM delivery CROSS JOIN subscription ON subscription.number = delivery.subscription ",
            $rest
        )
    };
}

pub(super) const BY_ID: &str = deliveries!("WHERE delivery.id = ?1");
pub(super) const BY_OFFSET: &str = deliveries!("WHERE delivery.subscription = ?1 AND offset = ?2");
const BY_PLACE: &str = deliveries!("WHERE place = ?1");

/// One delivery, if it is there.
pub(super) fn get(database: &Connection, id: DeliveryId) -> rusqlite::Result<Option<Delivery>> {
    database.prepare_cached(BY_ID)?.query_row([id.to_bytes()], delivery).optional()
}

/// The delivery of the event at this offset to this subscription, if it is there.
pub(super) fn get_at(
    database: &Connection,
    subscription: &SubscriptionId,
    offset: Offset,
) -> rusqlite::Result<Option<Delivery>> {
    let Some(number) = subscription_number(database, subscription)? else { return Ok(None) };
    database.prepare_cached(BY_OFFSET)?.query_row([number, offset_column(offset)], delivery).optional()
}

/// The delivery at a place of the list; `None` when its subscription was removed.
pub(super) fn at(database: &Connection, place: i64) -> rusqlite::Result<Option<Delivery>> {
    database.prepare_cached(BY_PLACE)?.query_row([place], delivery).optional()
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let state = state(row, 6)?;
    let standing = DeliveryStanding {
        state,
        attempts: row.get(7)?,
        replay: row.get(8)?,
        retries: row.get(9)?,
        next: (state == DeliveryState::Pending).then_some(next(row, 10)?),
        since: Timestamp::from_millis(row.get(11)?),
        history: history(row, 12)?,
    };
    Ok(Delivery {
        subscription: parsed(row, 0)?,
        offset: Offset(row.get::<_, i64>(1)?.unsigned_abs()),
        id: DeliveryId::from_bytes(row.get(2)?),
        event: EventId::from_bytes(row.get(3)?),
        event_type: row.get(4)?,
        subject: row.get(5)?,
        standing,
    })
}

fn history_column(history: &[Attempt]) -> rusqlite::Result<String> {
    serde_json::to_string(history).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn history(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Attempt>> {
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// What stands for a state.
pub(super) const fn number(state: DeliveryState) -> i64 {
    match state {
        DeliveryState::Pending => 0,
        DeliveryState::Exhausted => 1,
        DeliveryState::Delivered => 2,
    }
}

/// The state that stands in a column.
pub(super) fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<DeliveryState> {
    let found: i64 = row.get(column)?;
    let state = DeliveryState::ALL.into_iter().find(|state| number(*state) == found);
    state.ok_or(rusqlite::Error::IntegralValueOutOfRange(column, found))
}
