//! How the database finds what is asked of the inbox and of timers: by an index, and in its order, never by looking at
//! everything or by sorting it.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use hookyard_domain::inbox::WebhookState;

use crate::sqlite::schema::{MIGRATIONS, migrate};
use crate::sqlite::{inbox_lists, inbox_rows, timer_rows};

/// What SQLite says that it will do, without the steps that only frame others.
fn plan(sql: &str) -> Vec<String> {
    let mut database = Connection::open_in_memory().expect("opens");
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).expect("is set");
    migrate(&mut database, MIGRATIONS).expect("migrates");
    let mut explain = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("is valid");
    let parameters = vec![rusqlite::types::Null; explain.parameter_count()];
    let steps = explain.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).expect("explains");
    let steps: Vec<String> = steps.collect::<Result<_, _>>().expect("reads");
    let frames = ["MERGE", "LEFT", "RIGHT", "CORRELATED SCALAR SUBQUERY"];
    steps.into_iter().filter(|step| !frames.iter().any(|frame| step.starts_with(frame))).collect()
}

const NAME: &str = "SEARCH connection USING INTEGER PRIMARY KEY (rowid=?)";

#[test]
fn a_mark_is_looked_up_among_what_is_pending_or_failed() {
    let by_mark = "SEARCH inbox USING INDEX inbox_by_mark (mark16=?)";
    assert_eq!(plan("SELECT 1 FROM inbox WHERE mark16 = ?1 AND state < 2"), [by_mark]);
    // Those with one mark are sorted: there is seldom more than one.
    assert_eq!(plan(inbox_lists::KNOWN), [by_mark, "USE TEMP B-TREE FOR ORDER BY"]);
}

#[test]
fn what_waits_is_read_in_its_order_from_two_indexes() {
    let pending = "SEARCH inbox USING INDEX inbox_by_state (state=? AND rowid>?)";
    let blocking = "SEARCH inbox USING INDEX inbox_blocking (blocks=? AND rowid>?)";
    assert_eq!(plan(inbox_lists::WAITING), [pending, NAME, blocking, NAME]);
}

#[test]
fn counting_reads_nothing_of_the_inbox_but_an_index() {
    let counted = "SCAN inbox USING COVERING INDEX inbox_unsettled";
    assert_eq!(plan(inbox_rows::UNSETTLED), [counted]);
    assert_eq!(plan(inbox_lists::DEPTHS), [counted, NAME]);
}

#[test]
fn pages_go_backwards_through_an_index_without_sorting() {
    for state in [WebhookState::Pending, WebhookState::Failed] {
        assert_eq!(
            plan(&inbox_lists::scan_of_state(state)),
            ["SEARCH inbox USING INDEX inbox_by_state (state=? AND rowid<?)"]
        );
        assert_eq!(
            plan(&inbox_lists::scan_of_connection_and_state(state)),
            ["SEARCH inbox USING COVERING INDEX inbox_unsettled (connection=? AND state=? AND place<?)"]
        );
    }
    let of_connection = "SEARCH inbox USING INDEX inbox_by_connection (connection=? AND rowid<?)";
    assert_eq!(plan(inbox_lists::SCAN_OF_CONNECTION), [of_connection]);
    assert_eq!(plan(inbox_lists::SCAN), ["SEARCH inbox USING INTEGER PRIMARY KEY (rowid<?)"]);
}

#[test]
fn what_is_to_be_cleared_away_is_found_by_an_index() {
    assert_eq!(plan(inbox_rows::SETTLED), ["SEARCH inbox USING INDEX inbox_settled (since<?)"]);
    assert_eq!(plan(inbox_rows::OF_CONNECTION), ["SEARCH inbox USING INDEX inbox_by_connection (connection=?)"]);
}

#[test]
fn timers_are_read_in_their_order() {
    let of_connection = "USING COVERING INDEX sqlite_autoindex_timer_1 (connection=?)";
    for sql in [timer_rows::COUNT, timer_rows::NAMES] {
        assert_eq!(plan(sql), [format!("SEARCH timer {of_connection}")]);
    }
    let one = "SEARCH connection USING COVERING INDEX sqlite_autoindex_connection_1";
    let timers = "SEARCH timer USING INDEX sqlite_autoindex_timer_1";
    assert_eq!(
        plan(timer_rows::OF_CONNECTION),
        [format!("{one} (name=?)"), format!("{timers} (connection=? AND name>?)")]
    );
    assert_eq!(plan(timer_rows::ALL), [format!("{one} (name>?)"), format!("{timers} (connection=?)")]);
}
