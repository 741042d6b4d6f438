//! Clears away what has expired: old marks, expired keys and idempotency records, webhooks and deliveries that settled long ago,
//! deliveries of subscriptions that were removed, and the pages that they leave free. Events stay.
//!
//! It happens on the writer in small batches while no commit waits; when commits leave it no time for long, a batch takes
//! its turn after each group.

use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::limit;
use rusqlite::Connection;

use super::{SqliteSettings, delivery_rows, idempotency_rows, inbox_rows, kv_rows, mark_rows};

/// Pages that one batch gives back to the file system.
const PAGES_PER_BATCH: i64 = 64;

/// Where a sweep through everything that may have expired stands.
#[derive(Debug)]
pub(super) struct Retention {
    /// When the present sweep was, or the next one is, to begin.
    wanted_at: Timestamp,
    stage: Stage,
    rows: usize,
    times: RetentionTimes,
}

/// What an operator decides about retention.
#[derive(Debug, Clone, Copy)]
pub(super) struct RetentionTimes {
    /// How long handled and skipped webhooks stay.
    webhooks: Duration,
    /// How long deliveries that were given up, or succeeded after all, stay.
    deliveries: Duration,
}

impl RetentionTimes {
    /// Those of a store with these settings.
    pub(super) const fn of(settings: &SqliteSettings) -> Self {
        Self { webhooks: settings.inbox.settled_retention, deliveries: settings.delivery_retention }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Marks,
    Keys,
    Idempotency,
    Webhooks,
    RemovedSubscriptions,
    Deliveries,
    Pages,
}

impl Retention {
    /// The first sweep is wanted at once.
    pub(super) fn new(now: Timestamp, times: RetentionTimes) -> Self {
        Self { wanted_at: now, stage: Stage::Marks, rows: limit::RETENTION_ROWS_MIN, times }
    }

    /// Whether a batch should run now.
    pub(super) fn is_due(&self, now: Timestamp, commits_wait: bool) -> bool {
        let patience = if commits_wait { limit::RETENTION_LAG_MAX } else { Duration::ZERO };
        now >= self.wanted_at.after(patience)
    }

    /// Clears one batch away, in the transaction of the caller, who then says what it [took](Self::took).
    pub(super) fn batch(&mut self, database: &Connection, now: Timestamp) -> rusqlite::Result<()> {
        let finished = match self.stage {
            Stage::Marks => mark_rows::delete_before(database, mark_rows::oldest_kept(now), self.rows)? == 0,
            Stage::Keys => kv_rows::delete_expired(database, now, self.rows)? < self.rows,
            Stage::Idempotency => idempotency_rows::delete_expired(database, now, self.rows)? == 0,
            Stage::Webhooks => inbox_rows::delete_settled(database, now.before(self.times.webhooks), self.rows)? == 0,
            Stage::RemovedSubscriptions => !delivery_rows::delete_of_removed(database, self.rows)?,
            Stage::Deliveries => {
                delivery_rows::delete_settled(database, now.before(self.times.deliveries), self.rows)? == 0
            }
            Stage::Pages => !give_back_pages(database)?,
        };
        if finished {
            // What is small in one table is large in the next.
            self.rows = limit::RETENTION_ROWS_MIN;
            self.stage = match self.stage {
                Stage::Marks => Stage::Keys,
                Stage::Keys => Stage::Idempotency,
                Stage::Idempotency => Stage::Webhooks,
                Stage::Webhooks => Stage::RemovedSubscriptions,
                Stage::RemovedSubscriptions => Stage::Deliveries,
                Stage::Deliveries => Stage::Pages,
                Stage::Pages => {
                    self.wanted_at = now.after(limit::RETENTION_INTERVAL);
                    Stage::Marks
                }
            };
        }
        Ok(())
    }

    /// Nothing can be cleared away at present.
    pub(super) fn put_off(&mut self, now: Timestamp) {
        self.wanted_at = now.after(limit::RETENTION_INTERVAL);
    }

    /// Halves the next batch if one took too long, its sync included; lets it grow if it took far less.
    pub(super) fn took(&mut self, millis: i64) {
        let allowed = i64::try_from(limit::RETENTION_BATCH.as_millis()).unwrap_or(i64::MAX);
        if millis > allowed {
            self.rows = (self.rows / 2).max(limit::RETENTION_ROWS_MIN);
        } else if millis <= allowed / 4 {
            self.rows = (self.rows * 2).min(limit::RETENTION_ROWS_MAX);
        }
    }
}

/// Gives pages back while more than a quarter of the file is free, so that what is written next finds some. Whether
/// there are more to give.
fn give_back_pages(database: &Connection) -> rusqlite::Result<bool> {
    let free: i64 = database.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    let all: i64 = database.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let excess = free - (all / 4).max(limit::FREE_PAGES_KEPT_MAX.cast_signed());
    if excess <= 0 {
        return Ok(false);
    }
    let count = excess.min(PAGES_PER_BATCH);
    // Each row that the pragma returns is a page given back.
    let mut pragma = database.prepare(&format!("PRAGMA incremental_vacuum({count})"))?;
    let mut pages = pragma.query([])?;
    while pages.next()?.is_some() {}
    Ok(count < excess)
}

#[cfg(test)]
mod tests {
    use hookyard_domain::clock::{Clock as _, ManualClock};
    use hookyard_domain::commit::MarkKey;
    use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord, StoredAnswer};
    use hookyard_domain::inbox::Standing;
    use hookyard_domain::kv::Revision;
    use hookyard_domain::webhook::KeptWebhook;

    use super::*;
    use crate::contract::kept;
    use crate::sqlite::schema::{MIGRATIONS, migrate};

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    const TIMES: RetentionTimes = RetentionTimes { webhooks: DAY, deliveries: DAY };

    fn start() -> Timestamp {
        Timestamp::from_millis(0).after(DAY * 20_000)
    }

    fn database() -> Connection {
        let mut database = Connection::open_in_memory().expect("opens");
        migrate(&mut database, MIGRATIONS).expect("migrates");
        database
    }

    fn count(database: &Connection, table: &str) -> i64 {
        database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("counts")
    }

    fn sweep(retention: &mut Retention, database: &Connection, clock: &ManualClock) -> usize {
        let mut batches = 0;
        while retention.is_due(clock.now(), false) {
            retention.batch(database, clock.now()).expect("clears away");
            retention.took(0);
            batches += 1;
        }
        batches
    }

    #[test]
    fn marks_go_after_their_retention_time_and_not_before() {
        let (database, clock) = (database(), ManualClock::at(start()));
        let today = start().as_days();
        for n in 0..1_000_u16 {
            let mut key = [0; 16];
            key[..2].copy_from_slice(&n.to_be_bytes());
            let day = today - limit::MARK_RETENTION_DAYS - i64::from(n % 2);
            mark_rows::insert(&database, MarkKey(key), day).expect("inserts");
        }
        let mut retention = Retention::new(clock.now(), TIMES);
        assert!(sweep(&mut retention, &database, &clock) > 3, "it takes several batches");
        assert_eq!(count(&database, "mark"), 500);
        clock.advance(DAY);
        sweep(&mut retention, &database, &clock);
        assert_eq!(count(&database, "mark"), 0);
    }

    #[test]
    fn keys_go_once_they_have_expired() {
        let (database, clock) = (database(), ManualClock::at(start()));
        for n in 0..100_u64 {
            let expires_at = (n > 0).then(|| start().after(Duration::from_secs(n)));
            kv_rows::set(&database, 1, &n.to_string(), b"v", Revision(n), expires_at).expect("sets");
        }
        let mut retention = Retention::new(clock.now(), TIMES);
        sweep(&mut retention, &database, &clock);
        assert_eq!(count(&database, "kv"), 100);
        clock.advance(Duration::from_secs(50));
        sweep(&mut retention, &database, &clock);
        assert_eq!(count(&database, "kv"), 50);
    }

    /// Keeps a record with an answer of this size.
    fn keep(database: &Connection, number: u8, bytes: usize, expires_at: Timestamp) {
        let answer = StoredAnswer { status: 200, content_type: "text/plain".into(), body: vec![b'x'; bytes].into() };
        let record = IdempotencyRecord { request: [0; 32], attempt: 1, answer: Some(answer), expires_at };
        idempotency_rows::set(database, 1, IdempotencyId([number; 16]), &record, Timestamp::from_millis(0))
            .expect("keeps");
    }

    #[test]
    fn idempotency_records_go_once_they_have_expired() {
        let (database, clock) = (database(), ManualClock::at(start()));
        for number in 1..=100 {
            keep(&database, number, 10, start().after(Duration::from_secs(number.into())));
        }
        let mut retention = Retention::new(clock.now(), TIMES);
        sweep(&mut retention, &database, &clock);
        assert_eq!(count(&database, "idempotency"), 100);
        clock.advance(Duration::from_secs(50));
        assert!(sweep(&mut retention, &database, &clock) > 3, "it takes several batches");
        assert_eq!(count(&database, "idempotency"), 50);
        clock.advance(Duration::from_secs(50));
        sweep(&mut retention, &database, &clock);
        assert_eq!(count(&database, "idempotency"), 0);
    }

    #[test]
    fn a_batch_takes_fewer_records_the_larger_their_answers_are() {
        let (database, rows) = (database(), limit::RETENTION_ROWS_MIN);
        for number in 1..=5 {
            keep(&database, number, 100 * 1_024, start());
        }
        keep(&database, 6, limit::STORED_ANSWER_BYTES_MAX, start().after(Duration::from_secs(1)));
        let now = start().after(DAY);
        let deleted = || idempotency_rows::delete_expired(&database, now, rows).expect("deletes");
        assert_eq!([deleted(), deleted(), deleted(), deleted(), deleted()], [2, 2, 2, 0, 0]);
    }

    #[test]
    fn webhooks_go_once_they_have_been_settled_for_long() {
        let (database, clock) = (database(), ManualClock::at(start()));
        for place in 1..=200 {
            let since = start().after(Duration::from_secs(place));
            let standing = if place % 4 == 0 { kept::failed() } else { kept::handled() };
            let kept = kept::webhook("shop", place);
            inbox_rows::insert(&database, 1, &kept, &Standing { since, ..standing }).expect("keeps");
        }
        let mut retention = Retention::new(clock.now(), TIMES);
        clock.advance(DAY);
        sweep(&mut retention, &database, &clock);
        assert_eq!(count(&database, "inbox"), 200, "their time has not come");
        clock.advance(Duration::from_secs(100));
        assert!(sweep(&mut retention, &database, &clock) > 4, "it takes several batches");
        assert_eq!((count(&database, "inbox"), count(&database, "inbox_content")), (125, 125));
        clock.advance(DAY * 1_000);
        sweep(&mut retention, &database, &clock);
        assert_eq!((count(&database, "inbox"), count(&database, "inbox_content")), (50, 50), "what failed stays");
    }

    #[test]
    fn a_batch_takes_fewer_webhooks_the_larger_they_are() {
        let (database, rows) = (database(), limit::RETENTION_ROWS_MIN);
        for place in 1..=6 {
            let bytes = if place == 6 { limit::KEPT_WEBHOOK_BYTES_MAX } else { 100 * 1_024 };
            let since = start().after(Duration::from_secs(place));
            let kept = KeptWebhook { body: vec![7; bytes].into(), ..kept::webhook("shop", place) };
            inbox_rows::insert(&database, 1, &kept, &Standing { since, ..kept::handled() }).expect("keeps");
        }
        let deleted = || inbox_rows::delete_settled(&database, start().after(DAY), rows).expect("deletes");
        assert_eq!([deleted(), deleted(), deleted(), deleted(), deleted()], [2, 2, 2, 0, 0]);
    }

    #[test]
    fn it_gives_way_to_commits_but_not_for_ever() {
        let mut retention = Retention::new(start(), TIMES);
        assert!(retention.is_due(start(), false));
        assert!(!retention.is_due(start(), true));
        assert!(retention.is_due(start().after(limit::RETENTION_LAG_MAX), true));
        let clock = ManualClock::at(start());
        sweep(&mut retention, &database(), &clock);
        assert!(!retention.is_due(start(), false), "the next sweep waits for its time");
        assert!(retention.is_due(start().after(limit::RETENTION_INTERVAL), false));
    }

    #[test]
    fn every_table_begins_with_a_small_batch() {
        let (database, mut retention) = (database(), Retention::new(start(), TIMES));
        while retention.is_due(start(), false) {
            (0..20).for_each(|_| retention.took(0));
            assert_eq!(retention.rows, limit::RETENTION_ROWS_MAX);
            let stage = retention.stage;
            retention.batch(&database, start()).expect("clears away");
            assert_ne!(retention.stage, stage, "there is nothing to clear away");
            assert_eq!(retention.rows, limit::RETENTION_ROWS_MIN);
        }
    }

    #[test]
    fn a_batch_that_takes_too_long_is_followed_by_a_smaller_one() {
        let mut retention = Retention::new(start(), TIMES);
        retention.took(0);
        assert_eq!(retention.rows, limit::RETENTION_ROWS_MIN * 2);
        retention.took(6);
        assert_eq!(retention.rows, limit::RETENTION_ROWS_MIN);
        for _ in 0..20 {
            retention.took(1);
        }
        assert_eq!(retention.rows, limit::RETENTION_ROWS_MAX);
    }
}
