//! Events: one row each, in the order of the log.

use std::str::FromStr;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::event::{Event, EventFilter, EventOrigin, HOST_TYPES, LoggedEvent, Offset};
use hookyard_domain::id::{EventId, WebhookId};
use hookyard_domain::plugin::PluginVersion;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use serde_json::value::RawValue;

use super::state::connection_number;
use crate::EventPage;
use crate::pages::EventPageBuilder;

/// Stands in the place of a connection's number where an event is the host's own. Numbers of connections begin at 1.
pub(super) const HOST_NUMBER: i64 = 0;

/// Appends an event of the commit of this connection, which may be the host's own all the same.
pub(super) fn insert(database: &Connection, offset: u64, connection: i64, event: &Event) -> rusqlite::Result<()> {
    let (connection, plugin, version) = match &event.origin {
        EventOrigin::Connection { plugin, .. } => (connection, plugin.name.as_str(), plugin.version.as_str()),
        EventOrigin::Host => (HOST_NUMBER, HOST_TYPES, ""),
    };
    database
        .prepare_cached(
            "INSERT INTO event (offset, connection, plugin, kind, subject, id, plugin_version, time, webhook,
                                traceparent, hops, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            offset.cast_signed(),
            connection,
            plugin,
            event.kind,
            event.subject,
            event.id.to_bytes(),
            version,
            event.time.as_str(),
            event.webhook.map(WebhookId::to_bytes),
            event.traceparent,
            event.hops,
            event.data.get(),
        ])?;
    Ok(())
}

// The log is the outer loop of both scans, since no join stands before the table to which it is a left join. Events of the
// host find no connection.
const SCAN: &str = "
    SELECT event.offset, connection.name, event.plugin, event.kind, event.subject
    FROM event LEFT JOIN connection ON connection.id = event.connection
    WHERE event.offset > ?1 ORDER BY event.offset";
const SCAN_CONNECTION: &str = "
    SELECT event.offset, connection.name, event.plugin, event.kind, event.subject
    FROM event LEFT JOIN connection ON connection.id = event.connection
    WHERE event.connection = ?2 AND event.offset > ?1 ORDER BY event.offset";

/// One page of the log.
pub(super) fn page(
    database: &Connection,
    after: Offset,
    filter: &EventFilter,
    limit: usize,
) -> rusqlite::Result<EventPage> {
    let mut page = EventPageBuilder::new(after, limit);
    let from = i64::try_from(after.0).unwrap_or(i64::MAX);
    let newest: Option<i64> =
        database.prepare_cached("SELECT max(offset) FROM event")?.query_row([], |row| row.get(0))?;
    let newest = Offset(newest.unwrap_or(0).unsigned_abs());
    let mut scan = database.prepare_cached(if filter.connections.len() == 1 { SCAN_CONNECTION } else { SCAN })?;
    let mut rows = match filter.connections.as_slice() {
        [connection] => match connection_number(database, connection)? {
            Some(number) => scan.query([from, number])?,
            None => return Ok(page.at_end(newest)),
        },
        _ => scan.query([from])?,
    };
    let mut event_type = String::new();
    while let Some(row) = rows.next()? {
        if !page.has_room() {
            return Ok(page.full());
        }
        let offset = Offset(row.get::<_, i64>(0)?.unsigned_abs());
        event_type.clear();
        event_type.extend([row.get_ref(2)?.as_str()?, ".", row.get_ref(3)?.as_str()?]);
        if filter.matches(&event_type, row.get_ref(1)?.as_str_or_null()?, row.get_ref(4)?.as_str_or_null()?) {
            page.take(LoggedEvent { offset, event: at(database, offset)? });
        } else {
            page.skip(offset);
        }
    }
    Ok(page.at_end(newest))
}

/// The offset of the last event whose id is older than `since`: found in as many steps as the log's length has bits.
pub(super) fn offset_before(database: &Connection, since: Timestamp) -> rusqlite::Result<Offset> {
    let newest: Option<i64> =
        database.prepare_cached("SELECT max(offset) FROM event")?.query_row([], |row| row.get(0))?;
    let mut made_at = database.prepare_cached("SELECT id FROM event WHERE offset = ?1")?;
    // Up to `older` every event is, after `newer` none: the log has no holes.
    let (mut older, mut newer) = (0, newest.unwrap_or(0));
    while older < newer {
        let middle = older + (newer - older + 1) / 2;
        let id = EventId::from_bytes(made_at.query_row([middle], |row| row.get(0))?);
        if id.made_at() < since {
            older = middle;
        } else {
            newer = middle - 1;
        }
    }
    Ok(Offset(older.unsigned_abs()))
}

fn at(database: &Connection, offset: Offset) -> rusqlite::Result<Event> {
    database
        .prepare_cached(
            "SELECT connection.name, plugin, plugin_version, event.id, kind, subject, time, data, webhook,
                    traceparent, hops, event.connection
             FROM event LEFT JOIN connection ON connection.id = event.connection WHERE offset = ?1",
        )?
        .query_row([offset.0.cast_signed()], event)
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let origin = match row.get(11)? {
        HOST_NUMBER => EventOrigin::Host,
        _ => EventOrigin::Connection {
            id: parsed(row, 0)?,
            plugin: PluginVersion { name: parsed(row, 1)?, version: row.get(2)? },
        },
    };
    Ok(Event {
        origin,
        id: EventId::from_bytes(row.get(3)?),
        kind: row.get(4)?,
        subject: row.get(5)?,
        time: parsed(row, 6)?,
        data: RawValue::from_string(row.get(7)?).map_err(|error| unreadable(7, error))?,
        webhook: row.get::<_, Option<[u8; 16]>>(8)?.map(WebhookId::from_bytes),
        traceparent: row.get(9)?,
        hops: row.get(10)?,
    })
}

/// A column whose text is that of a domain type.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str()?.parse().map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
