//! The inbox as readers see it: what waits, what is known of a mark, pages and counts. Contents are read only of what is shown.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::MarkKey;
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxDepth, Known, Place, WaitingWebhook, WebhookFilter, WebhookState};
use hookyard_domain::limit;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, params};

use super::event_rows::parsed;
use super::inbox_rows::{self, number, standing, state};
use super::newest_first::{self, Begun, newest};
use super::state::connection_number;
use super::{inbox_content_rows, mark_rows};
use crate::WebhookPage;
use crate::pages::{WebhookPageBuilder, asks_for_unsettled};

/// A pending one before a failed one, and of several the newest.
pub(super) const KNOWN: &str = "
    SELECT state, attempts, next_at, since, rearmed, blocks, code, message, id, version FROM inbox
    WHERE mark16 = ?1 AND state < 2 ORDER BY state, place DESC LIMIT 1";

/// What is known of the webhook with this mark.
pub(super) fn known(database: &Connection, mark: MarkKey, now: Timestamp) -> rusqlite::Result<Known> {
    let kept = database
        .prepare_cached(KNOWN)?
        .query_row([mark.0], |row| {
            let (standing, id) = (standing(row, 0)?, WebhookId::from_bytes(row.get(8)?));
            Ok(Known::Kept { id, standing, version: row.get(9)? })
        })
        .optional()?;
    Ok(match kept {
        Some(kept) => kept,
        None if mark_rows::marked(database, mark, now)? => Known::Handled,
        None => Known::No,
    })
}

/// Two indexes in the order of places, merged as they are read.
pub(super) const WAITING: &str = "
    SELECT place, id, (SELECT name FROM connection WHERE connection.id = inbox.connection), order_key, state, next_at
    FROM inbox WHERE state = 0 AND state < 2 AND place > ?1
    UNION ALL
    SELECT place, id, (SELECT name FROM connection WHERE connection.id = inbox.connection), order_key, state, next_at
    FROM inbox WHERE blocks = 1 AND state <> 0 AND place > ?1
    ORDER BY place LIMIT ?2";

/// What is to be run or holds its order key, after a place.
pub(super) fn waiting(database: &Connection, after: Place, limit: usize) -> rusqlite::Result<Vec<WaitingWebhook>> {
    let limit = i64::try_from(limit.clamp(1, limit::WEBHOOKS_PAGE_MAX)).unwrap_or(i64::MAX);
    let mut waiting = database.prepare_cached(WAITING)?;
    let waiting = waiting.query_map(params![column(after), limit], |row| {
        Ok(WaitingWebhook {
            place: place(row, 0)?,
            id: WebhookId::from_bytes(row.get(1)?),
            connection: parsed(row, 2)?,
            order_key: row.get(3)?,
            next: (state(row, 4)? == WebhookState::Pending).then_some(inbox_rows::next(row, 5)?),
        })
    })?;
    waiting.collect()
}

/// The highest place.
pub(super) fn newest_place(database: &Connection) -> rusqlite::Result<Place> {
    let newest: Option<i64> =
        database.prepare_cached("SELECT max(place) FROM inbox")?.query_row([], |row| row.get(0))?;
    Ok(Place(newest.unwrap_or(0).unsigned_abs()))
}

/// Reads nothing of the inbox but an index.
pub(super) const DEPTHS: &str = "
    SELECT (SELECT name FROM connection WHERE connection.id = inbox.connection) AS name,
           sum(state = 0), sum(state = 1), min(CASE state WHEN 0 THEN received_at END)
    FROM inbox WHERE state < 2 GROUP BY connection";

/// What is pending or failed, by connection.
pub(super) fn depths(database: &Connection) -> rusqlite::Result<Vec<InboxDepth>> {
    let mut all = database.prepare_cached(DEPTHS)?;
    let depths = all.query_map([], |row| {
        Ok(InboxDepth {
            connection: parsed(row, 0)?,
            pending: row.get::<_, i64>(1)?.unsigned_abs(),
            failed: row.get::<_, i64>(2)?.unsigned_abs(),
            oldest_pending: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
        })
    })?;
    let mut depths: Vec<_> = depths.collect::<Result<_, _>>()?;
    depths.sort_by(|one, other| one.connection.cmp(&other.connection));
    Ok(depths)
}

/// One page of entries, from the newest place below `before`.
pub(super) fn page(
    database: &Connection,
    filter: &WebhookFilter,
    before: Option<Place>,
    limit: usize,
) -> rusqlite::Result<WebhookPage> {
    let mut page = WebhookPageBuilder::new(limit);
    let numbers = filter.connections.iter().map(|connection| connection_number(database, connection));
    let numbers: Vec<i64> = numbers.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    if numbers.is_empty() && !filter.connections.is_empty() {
        return Ok(page.at_end());
    }
    let wanted = |row: &Candidate| {
        (numbers.is_empty() || numbers.contains(&row.connection))
            && (filter.states.is_empty() || filter.states.contains(&row.state))
            && filter.since.is_none_or(|since| row.received_at >= since)
            && filter.until.is_none_or(|until| row.received_at < until)
    };
    let mut scans = scans(database, filter, &numbers)?;
    let mut scans: Vec<_> = scans.iter_mut().map(|scan| scan.start(before)).collect::<Result<_, _>>()?;
    while let Some(candidate) = newest(&mut scans)? {
        if !page.has_room() {
            return Ok(page.full());
        }
        if wanted(&candidate) {
            page.take(inbox_content_rows::at(database, candidate.place)?);
        } else {
            page.skip(Place(candidate.place.unsigned_abs()));
        }
    }
    Ok(page.at_end())
}

/// What a row says of whether its entry is wanted.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    place: i64,
    connection: i64,
    state: WebhookState,
    received_at: Timestamp,
}

impl newest_first::Candidate for Candidate {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (place, connection) = (row.get(0)?, row.get(1)?);
        Ok(Self { place, connection, state: state(row, 2)?, received_at: Timestamp::from_millis(row.get(3)?) })
    }

    fn place(&self) -> i64 {
        self.place
    }
}

/// One way through the rows, newest place first.
struct Scan<'a> {
    statement: CachedStatement<'a>,
    connection: Option<i64>,
}

/// Finds everything of one state that is pending or failed.
pub(super) fn scan_of_state(state: WebhookState) -> String {
    let number = number(state);
    format!(
        "SELECT place, connection, state, received_at FROM inbox
         WHERE state = {number} AND state < 2 AND place < ?1 ORDER BY place DESC"
    )
}

/// Finds what of one connection is in a state that is pending or failed.
pub(super) fn scan_of_connection_and_state(state: WebhookState) -> String {
    let number = number(state);
    format!(
        "SELECT place, connection, state, received_at FROM inbox
         WHERE connection = ?2 AND state = {number} AND state < 2 AND place < ?1 ORDER BY place DESC"
    )
}

/// Finds everything of one connection.
pub(super) const SCAN_OF_CONNECTION: &str = "
    SELECT place, connection, state, received_at FROM inbox WHERE connection = ?2 AND place < ?1 ORDER BY place DESC";

/// Finds everything.
pub(super) const SCAN: &str = "
    SELECT place, connection, state, received_at FROM inbox WHERE place < ?1 ORDER BY place DESC";

/// The scans that together find all that the filter may let pass, and as little else as there is an index for.
fn scans<'a>(database: &'a Connection, filter: &WebhookFilter, connections: &[i64]) -> rusqlite::Result<Vec<Scan<'a>>> {
    let connection = <[i64; 1]>::try_from(connections).ok().map(|[number]| number);
    let statements = match connection {
        Some(_) if asks_for_unsettled(filter) => unsettled(filter).map(scan_of_connection_and_state).collect(),
        None if asks_for_unsettled(filter) => unsettled(filter).map(scan_of_state).collect(),
        Some(_) => vec![SCAN_OF_CONNECTION.to_owned()],
        None => vec![SCAN.to_owned()],
    };
    let scan = |sql: String| Ok(Scan { statement: database.prepare_cached(&sql)?, connection });
    statements.into_iter().map(scan).collect()
}

fn unsettled(filter: &WebhookFilter) -> impl Iterator<Item = WebhookState> {
    WebhookState::ALL.into_iter().filter(|state| filter.states.contains(state))
}

impl Scan<'_> {
    fn start(&mut self, before: Option<Place>) -> rusqlite::Result<Begun<'_, Candidate>> {
        let before = before.map_or(i64::MAX, column);
        let rows = match self.connection {
            Some(connection) => self.statement.query([before, connection])?,
            None => self.statement.query([before])?,
        };
        Begun::new(rows)
    }
}

fn place(row: &Row<'_>, column: usize) -> rusqlite::Result<Place> {
    Ok(Place(row.get::<_, i64>(column)?.unsigned_abs()))
}

/// A place as a column; one beyond all that there can be stays beyond them.
fn column(place: Place) -> i64 {
    i64::try_from(place.0).unwrap_or(i64::MAX)
}
