//! Deliveries as readers see them: what is pending, what is kept, pages and counts. Histories are read only of what is shown.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{DeliveryDepth, DeliveryFilter, DeliveryState, PendingDelivery};
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use rusqlite::{CachedStatement, Connection, Row, params};

use super::delivery_rows::{self, number};
use super::event_rows::parsed;
use super::inbox_rows::next;
use super::newest_first::{self, Begun, newest};
use super::subscription_rows::{number as subscription_number, offset_column};
use crate::pages::{DeliveryPageBuilder, asked_states};
use crate::{DeliveryPage, ListPlace};

/// The index is named, because SQLite reckons that the one of all deliveries does as well; there may be many more of those.
pub(super) const PENDING: &str = "
    SELECT offset, subject, next_at FROM delivery INDEXED BY delivery_pending
    WHERE subscription = ?1 AND state = 0 AND offset > ?2 ORDER BY offset LIMIT ?3";

/// The pending deliveries of a subscription after an offset.
pub(super) fn pending(
    database: &Connection,
    subscription: &SubscriptionId,
    after: Offset,
    limit: usize,
) -> rusqlite::Result<Vec<PendingDelivery>> {
    let Some(number) = subscription_number(database, subscription)? else { return Ok(Vec::new()) };
    let mut pending = database.prepare_cached(PENDING)?;
    let pending = pending.query_map(params![number, offset_column(after), limit_column(limit)], |row| {
        Ok(PendingDelivery { offset: offset(row, 0)?, subject: row.get(1)?, next: next(row, 2)? })
    })?;
    pending.collect()
}

pub(super) const KEPT_AFTER: &str =
    "SELECT offset FROM delivery WHERE subscription = ?1 AND offset > ?2 ORDER BY offset LIMIT ?3";

/// The offsets after this one of which a subscription has a delivery.
pub(super) fn kept_after(
    database: &Connection,
    subscription: &SubscriptionId,
    after: Offset,
    limit: usize,
) -> rusqlite::Result<Vec<Offset>> {
    let Some(number) = subscription_number(database, subscription)? else { return Ok(Vec::new()) };
    let mut kept = database.prepare_cached(KEPT_AFTER)?;
    let kept = kept.query_map(params![number, offset_column(after), limit_column(limit)], |row| offset(row, 0))?;
    kept.collect()
}

/// All three read nothing of deliveries but an index.
pub(super) const SUBSCRIPTIONS: &str = "SELECT name, number FROM subscription ORDER BY name";
pub(super) const PENDING_DEPTH: &str =
    "SELECT count(*), min(since) FROM delivery WHERE subscription = ?1 AND state = 0";
pub(super) const EXHAUSTED_DEPTH: &str = "SELECT count(*) FROM delivery WHERE subscription = ?1 AND state = 1";

/// How many deliveries of each subscription are pending and exhausted.
pub(super) fn depths(database: &Connection) -> rusqlite::Result<Vec<DeliveryDepth>> {
    let mut all = database.prepare_cached(SUBSCRIPTIONS)?;
    let (mut pending, mut exhausted) =
        (database.prepare_cached(PENDING_DEPTH)?, database.prepare_cached(EXHAUSTED_DEPTH)?);
    let depths = all.query_map([], |row| {
        let (subscription, number): (_, i64) = (parsed(row, 0)?, row.get(1)?);
        let (pending, oldest): (i64, Option<i64>) =
            pending.query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let exhausted: i64 = exhausted.query_row([number], |row| row.get(0))?;
        let (pending, exhausted) = (pending.unsigned_abs(), exhausted.unsigned_abs());
        let oldest_pending = oldest.map(Timestamp::from_millis);
        Ok(DeliveryDepth { subscription, pending, exhausted, oldest_pending })
    })?;
    let mut depths: Vec<_> = depths.collect::<Result<_, _>>()?;
    depths.retain(|depth| depth.pending > 0 || depth.exhausted > 0);
    Ok(depths)
}

/// One page of the list, from the newest place below `before`.
pub(super) fn page(
    database: &Connection,
    filter: &DeliveryFilter,
    before: Option<ListPlace>,
    limit: usize,
) -> rusqlite::Result<DeliveryPage> {
    let mut page = DeliveryPageBuilder::new(limit);
    let numbers = filter.subscriptions.iter().map(|subscription| subscription_number(database, subscription));
    let numbers: Vec<i64> = numbers.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    if numbers.is_empty() && !filter.subscriptions.is_empty() {
        return Ok(page.at_end());
    }
    let wanted = |row: &Candidate| {
        (numbers.is_empty() || numbers.contains(&row.subscription))
            && filter.since.is_none_or(|since| row.since >= since)
            && filter.until.is_none_or(|until| row.since < until)
    };
    let mut scans = scans(database, filter, &numbers)?;
    let mut scans: Vec<_> = scans.iter_mut().map(|scan| scan.start(before)).collect::<Result<_, _>>()?;
    while let Some(candidate) = newest(&mut scans)? {
        if !page.has_room() {
            return Ok(page.full());
        }
        let place = ListPlace(candidate.place.unsigned_abs());
        let shown = if wanted(&candidate) { delivery_rows::at(database, candidate.place)? } else { None };
        match shown {
            Some(delivery) => page.take(place, delivery),
            None => page.skip(place),
        }
    }
    Ok(page.at_end())
}

/// What a row says of whether its delivery is wanted.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    place: i64,
    subscription: i64,
    since: Timestamp,
}

impl newest_first::Candidate for Candidate {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { place: row.get(0)?, subscription: row.get(1)?, since: Timestamp::from_millis(row.get(2)?) })
    }

    fn place(&self) -> i64 {
        self.place
    }
}

/// One way through the rows, newest place first.
struct Scan<'a> {
    statement: CachedStatement<'a>,
    state: DeliveryState,
    subscription: Option<i64>,
}

/// Finds everything in one state.
pub(super) const SCAN_OF_STATE: &str =
    "SELECT place, subscription, since FROM delivery WHERE state = ?2 AND place < ?1 ORDER BY place DESC";

/// Finds what of one subscription is in one state.
pub(super) const SCAN_OF_SUBSCRIPTION: &str = "
    SELECT place, subscription, since FROM delivery
    WHERE subscription = ?3 AND state = ?2 AND place < ?1 ORDER BY place DESC";

/// The scans that together find all that the filter may let pass: one for each state.
fn scans<'a>(
    database: &'a Connection,
    filter: &DeliveryFilter,
    subscriptions: &[i64],
) -> rusqlite::Result<Vec<Scan<'a>>> {
    let subscription = <[i64; 1]>::try_from(subscriptions).ok().map(|[number]| number);
    let sql = if subscription.is_some() { SCAN_OF_SUBSCRIPTION } else { SCAN_OF_STATE };
    let scan = |state| Ok(Scan { statement: database.prepare_cached(sql)?, state, subscription });
    asked_states(filter).map(scan).collect()
}

impl Scan<'_> {
    fn start(&mut self, before: Option<ListPlace>) -> rusqlite::Result<Begun<'_, Candidate>> {
        let before = before.map_or(i64::MAX, |place| i64::try_from(place.0).unwrap_or(i64::MAX));
        let state = number(self.state);
        let rows = match self.subscription {
            Some(subscription) => self.statement.query([before, state, subscription])?,
            None => self.statement.query([before, state])?,
        };
        Begun::new(rows)
    }
}

fn offset(row: &Row<'_>, column: usize) -> rusqlite::Result<Offset> {
    Ok(Offset(row.get::<_, i64>(column)?.unsigned_abs()))
}

fn limit_column(limit: usize) -> i64 {
    i64::try_from(limit.clamp(1, limit::DELIVERIES_PAGE_MAX)).unwrap_or(i64::MAX)
}
