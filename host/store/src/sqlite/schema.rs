//! The tables, and how older databases become newer ones.

use rusqlite::Connection;

/// Tells a database of Hookyard from any other: `HkYd`.
pub(super) const APPLICATION_ID: i32 = 0x486b_5964;

/// Bytes of a page: small, because a commit dirties whole pages for a few bytes on each.
pub(super) const PAGE_BYTES: u64 = 4_096;

/// Each step leads from the version of its index to the next one. Steps are only ever appended.
pub(super) const MIGRATIONS: &[&str] = &[FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH];

/// - `connection` gives ids a number, because they are part of every key and index entry.
/// - `event` is append-only; its offset is the rowid, and the index is (connection, offset). `data` comes last, so that
///   a scan of the other columns never follows its overflow pages.
/// - `mark` holds webhooks handled and events with a dedupe key alike, in days, so that whole days are cleared away.
/// - `sequence` holds numbers that must never be given twice.
const FIRST: &str = "
    CREATE TABLE connection (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE event (
        offset INTEGER PRIMARY KEY,
        connection INTEGER NOT NULL,
        plugin TEXT NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT,
        id BLOB NOT NULL,
        plugin_version TEXT NOT NULL,
        time TEXT NOT NULL,
        webhook BLOB,
        traceparent TEXT,
        hops INTEGER NOT NULL,
        data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_by_connection ON event (connection);
    CREATE TABLE mark (
        day INTEGER NOT NULL,
        key16 BLOB NOT NULL,
        PRIMARY KEY (day, key16)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE kv (
        connection INTEGER NOT NULL,
        key TEXT NOT NULL,
        revision INTEGER NOT NULL,
        expires_at INTEGER,
        value BLOB NOT NULL,
        PRIMARY KEY (connection, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX kv_by_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE sequence (
        name TEXT PRIMARY KEY,
        next INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO sequence (name, next) VALUES ('revision', 1);
    CREATE TABLE host_key (
        name TEXT PRIMARY KEY,
        key BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE token (
        id BLOB PRIMARY KEY,
        name TEXT NOT NULL,
        hash BLOB NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// - `idempotency` holds what came with an `Idempotency-Key`: started as long as `status`, `content_type` and `body` are
///   null, answered when none of them is.
/// - `consent` holds what each connection's plugin asked for when the operator consented.
const SECOND: &str = "
    CREATE TABLE idempotency (
        connection INTEGER NOT NULL,
        id BLOB NOT NULL,
        request BLOB NOT NULL,
        attempt INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        status INTEGER,
        content_type TEXT,
        body BLOB,
        PRIMARY KEY (connection, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
    CREATE TABLE consent (
        connection TEXT PRIMARY KEY,
        plugin TEXT NOT NULL,
        asked TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// - `life` holds the ids that have been deleted or are being deleted; every other one is in its first life. A deleted
///   connection keeps its row in `connection`, because its events stay, and its next life has the same number.
/// - `api_connection` holds what was made through the API, `held_version` what connections of any origin work with.
/// - `plugin_state` holds what was decided about plugins; `held_back` is a list of contents, 32 bytes each.
/// - An event of the host itself has the connection 0, which none has, and the plugin `hookyard`.
const THIRD: &str = "
    CREATE TABLE life (
        connection TEXT PRIMARY KEY,
        incarnation INTEGER NOT NULL,
        deleting INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE api_connection (
        id TEXT NOT NULL PRIMARY KEY,
        plugin TEXT NOT NULL,
        granted TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        config BLOB NOT NULL
    ) STRICT;
    CREATE TABLE held_version (
        connection TEXT PRIMARY KEY,
        plugin TEXT NOT NULL,
        content BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE plugin_state (
        name TEXT PRIMARY KEY,
        serving BLOB NOT NULL,
        version TEXT NOT NULL,
        previous BLOB,
        previous_version TEXT,
        pinned BLOB,
        held_back BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE plugin_file (
        plugin TEXT NOT NULL,
        file TEXT NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (plugin, file)
    ) STRICT, WITHOUT ROWID;
";

/// - `inbox` holds how each kept webhook stands: its place is the rowid, and the states are 0 pending, 1 failed, 2 handled and
///   3 skipped. A pending one without `next_at` waits for activation. It changes with each attempt, hence it is apart from
///   `inbox_content`, which holds what was received and is written once.
/// - Its indexes on what is pending or failed say `state < 2`, so that handled ones, of which there may be many more, cost
///   nothing there; queries repeat the condition, or the index would not be theirs. `inbox_unsettled` has all that counting needs.
/// - `timer` has its generation as the rowid, so that what is started is appended. One that has not `failed` and is without
///   `next_at` waits for activation.
const FOURTH: &str = "
    CREATE TABLE inbox (
        place INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        connection INTEGER NOT NULL,
        state INTEGER NOT NULL,
        version INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        next_at INTEGER,
        since INTEGER NOT NULL,
        rearmed INTEGER NOT NULL,
        blocks INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        mark16 BLOB,
        order_key TEXT,
        code TEXT,
        message TEXT
    ) STRICT;
    CREATE INDEX inbox_by_connection ON inbox (connection);
    CREATE INDEX inbox_by_mark ON inbox (mark16) WHERE mark16 IS NOT NULL AND state < 2;
    CREATE INDEX inbox_by_state ON inbox (state) WHERE state < 2;
    CREATE INDEX inbox_unsettled ON inbox (connection, state, place, received_at, bytes) WHERE state < 2;
    CREATE INDEX inbox_blocking ON inbox (blocks) WHERE blocks = 1;
    CREATE INDEX inbox_settled ON inbox (since) WHERE state > 1;
    CREATE TABLE inbox_content (
        place INTEGER PRIMARY KEY,
        source INTEGER NOT NULL,
        fresh INTEGER NOT NULL,
        remote_address TEXT,
        traceparent TEXT,
        method TEXT NOT NULL,
        path TEXT NOT NULL,
        query TEXT NOT NULL,
        dedupe_key TEXT,
        verified_by TEXT NOT NULL,
        headers BLOB NOT NULL,
        sensitive_headers BLOB NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE timer (
        generation INTEGER PRIMARY KEY,
        connection INTEGER NOT NULL,
        name TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        next_at INTEGER,
        version INTEGER NOT NULL,
        code TEXT,
        message TEXT,
        payload TEXT NOT NULL,
        UNIQUE (connection, name)
    ) STRICT;
    CREATE INDEX timer_failed ON timer (connection) WHERE failed = 1;
    INSERT INTO sequence (name, next) VALUES ('generation', 1);
";

/// - `subscription` gives each subscription a number that none ever had: what is left of one that was removed never belongs to the
///   next of its name. `definition` is null for one of the file.
/// - `position` is apart from it because it changes all the time. `removed_subscription` holds those of which deliveries may be left.
/// - `delivery` holds what did not succeed at once; its place in the list is the rowid, and the states are 0 pending, 1 exhausted
///   and 2 delivered. A pending one without `next_at` waits for activation. `history` is JSON and comes last, since nothing but the
///   row itself needs it. An attempt that fails again changes no column of any index.
const FIFTH: &str = "
    CREATE TABLE subscription (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        secrets BLOB,
        definition BLOB
    ) STRICT;
    CREATE INDEX subscription_made ON subscription (number) WHERE definition IS NOT NULL;
    CREATE TABLE position (
        subscription INTEGER PRIMARY KEY,
        cursor INTEGER NOT NULL,
        replays INTEGER NOT NULL,
        failing_since INTEGER,
        paused_since INTEGER,
        code TEXT,
        message TEXT
    ) STRICT;
    CREATE TABLE removed_subscription (
        number INTEGER PRIMARY KEY
    ) STRICT;
    CREATE TABLE delivery (
        place INTEGER PRIMARY KEY,
        subscription INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        id BLOB NOT NULL,
        event BLOB NOT NULL,
        type TEXT NOT NULL,
        subject TEXT,
        state INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        replay INTEGER NOT NULL,
        retries INTEGER NOT NULL,
        next_at INTEGER,
        since INTEGER NOT NULL,
        history TEXT NOT NULL,
        UNIQUE (subscription, offset)
    ) STRICT;
    CREATE INDEX delivery_by_id ON delivery (id);
    CREATE INDEX delivery_by_subscription ON delivery (subscription, state);
    CREATE INDEX delivery_by_state ON delivery (state);
    CREATE INDEX delivery_pending ON delivery (subscription, offset, since) WHERE state = 0;
    CREATE INDEX delivery_settled ON delivery (since) WHERE state > 0;
";

/// - `fetched_token` holds the tokens that the host fetched, each under a hash of how; those with `rotated` came with a refresh
///   token that is nowhere else.
const SIXTH: &str = "
    CREATE TABLE fetched_token (
        connection TEXT NOT NULL,
        key16 BLOB NOT NULL,
        incarnation INTEGER NOT NULL,
        rotated INTEGER NOT NULL,
        at INTEGER NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (connection, key16)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX fetched_token_rotated ON fetched_token (connection) WHERE rotated = 1;
";

/// The version of a database: how many migrations it has had.
pub(super) fn version(database: &Connection) -> rusqlite::Result<i64> {
    database.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Takes a database through the migrations that it has not had, each of them whole or not at all.
pub(super) fn migrate(database: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    let had = usize::try_from(version(database)?).unwrap_or(0);
    for (index, migration) in migrations.iter().enumerate().skip(had) {
        let transaction = database.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", i64::try_from(index + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "ALTER TABLE host_key ADD COLUMN note TEXT; UPDATE host_key SET note = name;";

    fn migrated(migrations: &[&str]) -> Connection {
        let mut database = Connection::open_in_memory().expect("opens");
        migrate(&mut database, migrations).expect("migrates");
        database
    }

    #[test]
    fn a_migration_keeps_what_an_older_version_wrote() {
        let mut database = migrated(MIGRATIONS);
        database.execute("INSERT INTO host_key (name, key) VALUES ('hash', x'00')", []).expect("inserts");
        migrate(&mut database, &[MIGRATIONS, &[NEXT]].concat()).expect("migrates");
        let note: String = database.query_row("SELECT note FROM host_key", [], |row| row.get(0)).expect("is there");
        assert_eq!(note, "hash");
        assert_eq!(version(&database).expect("reads"), MIGRATIONS.len() as i64 + 1);
    }

    #[test]
    fn a_migration_happens_once() {
        let mut database = migrated(MIGRATIONS);
        migrate(&mut database, MIGRATIONS).expect("has nothing to do");
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let mut database = migrated(MIGRATIONS);
        let failing = "CREATE TABLE half (done INTEGER); INSERT INTO absent VALUES (1);";
        assert!(migrate(&mut database, &[MIGRATIONS, &[failing]].concat()).is_err());
        assert_eq!(version(&database).expect("reads"), MIGRATIONS.len() as i64);
        assert!(!database.table_exists(None, "half").expect("reads"));
    }
}
