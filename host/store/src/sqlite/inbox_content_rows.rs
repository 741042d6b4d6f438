//! What was received of a kept webhook: one row, written once.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::MarkKey;
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxEntry, Place, Source};
use hookyard_domain::webhook::KeptWebhook;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::event_rows::parsed;
use super::framed::{framed, parts, text};
use super::inbox_rows;

/// Writes down what was received.
pub(super) fn insert(database: &Connection, place: i64, webhook: &KeptWebhook) -> rusqlite::Result<()> {
    let headers = webhook.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_slice()]);
    database
        .prepare_cached(
            "INSERT INTO inbox_content (place, source, fresh, remote_address, traceparent, method, path, query, dedupe_key,
                                        verified_by, headers, sensitive_headers, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            place,
            number(webhook.source),
            webhook.fresh,
            webhook.remote_address.map(|address| address.to_string()),
            webhook.traceparent,
            webhook.method,
            webhook.path,
            webhook.query,
            webhook.dedupe.as_ref().map(|(key, _)| key.as_str()),
            webhook.verified_by,
            framed(headers),
            framed(webhook.sensitive_headers.iter().map(String::as_bytes)),
            webhook.body.as_ref(),
        ])?;
    Ok(())
}

/// An entry by its id; `None` when there is none.
pub(super) fn get(database: &Connection, id: WebhookId) -> rusqlite::Result<Option<InboxEntry>> {
    let place = database
        .prepare_cached("SELECT place FROM inbox WHERE id = ?1")?
        .query_row([id.to_bytes()], |row| row.get(0))
        .optional()?;
    place.map(|place| at(database, place)).transpose()
}

/// The entry at a place where there is one.
pub(super) fn at(database: &Connection, place: i64) -> rusqlite::Result<InboxEntry> {
    database
        .prepare_cached(
            "SELECT state, attempts, next_at, since, rearmed, blocks, code, message, version,
                    inbox.place, inbox.id, connection.name, received_at, mark16, order_key,
                    source, remote_address, traceparent, method, path, query, dedupe_key, verified_by,
                    headers, sensitive_headers, body, fresh
             FROM inbox JOIN inbox_content ON inbox_content.place = inbox.place
                        JOIN connection ON connection.id = inbox.connection
             WHERE inbox.place = ?1",
        )?
        .query_row([place], |row| {
            Ok(InboxEntry { standing: inbox_rows::standing(row, 0)?, version: row.get(8)?, webhook: webhook(row)? })
        })
}

fn webhook(row: &Row<'_>) -> rusqlite::Result<KeptWebhook> {
    let mark = row.get::<_, Option<[u8; 16]>>(13)?.map(MarkKey);
    let dedupe_key: Option<String> = row.get(21)?;
    Ok(KeptWebhook {
        place: Place(row.get::<_, i64>(9)?.unsigned_abs()),
        id: WebhookId::from_bytes(row.get(10)?),
        connection: parsed(row, 11)?,
        received_at: Timestamp::from_millis(row.get(12)?),
        dedupe: dedupe_key.zip(mark),
        order_key: row.get(14)?,
        source: source(row, 15)?,
        remote_address: match row.get_ref(16)?.as_str_or_null()? {
            Some(_) => Some(parsed(row, 16)?),
            None => None,
        },
        traceparent: row.get(17)?,
        method: row.get(18)?,
        path: row.get(19)?,
        query: row.get(20)?,
        verified_by: row.get(22)?,
        headers: headers(row, 23)?,
        sensitive_headers: parts(row, 24)?.into_iter().map(|name| text(name, 24)).collect::<Result<_, _>>()?,
        body: row.get::<_, Vec<u8>>(25)?.into(),
        fresh: row.get(26)?,
    })
}

fn headers(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    parts(row, column)?
        .chunks(2)
        .map(|header| match header {
            [name, value] => Ok((text(name, column)?, value.to_vec())),
            _ => Err(rusqlite::Error::InvalidColumnType(column, "headers".to_owned(), rusqlite::types::Type::Blob)),
        })
        .collect()
}

const fn number(source: Source) -> i64 {
    match source {
        Source::Provider => 0,
        Source::Trigger => 1,
    }
}

fn source(row: &Row<'_>, column: usize) -> rusqlite::Result<Source> {
    let found: i64 = row.get(column)?;
    let source = [Source::Provider, Source::Trigger].into_iter().find(|source| number(*source) == found);
    source.ok_or(rusqlite::Error::IntegralValueOutOfRange(column, found))
}
