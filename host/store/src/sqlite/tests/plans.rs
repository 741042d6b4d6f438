//! How the database finds what is asked of the inbox, of timers and of deliveries: by an index, and in its order, never by looking at
//! everything or by sorting it.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use hookyard_domain::inbox::WebhookState;

use crate::sqlite::schema::{MIGRATIONS, migrate};
use crate::sqlite::{delivery_lists, delivery_rows, inbox_lists, inbox_rows, subscription_rows, timer_rows};

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

#[test]
fn deliveries_are_found_by_an_index() {
    let of = "SEARCH subscription USING INTEGER PRIMARY KEY (rowid=?)";
    let by_offset = "USING INDEX sqlite_autoindex_delivery_1";
    assert_eq!(plan(delivery_rows::BY_ID), ["SEARCH delivery USING INDEX delivery_by_id (id=?)", of]);
    let one = format!("SEARCH delivery {by_offset} (subscription=? AND offset=?)");
    assert_eq!(plan(delivery_rows::BY_OFFSET), [one.as_str(), of]);
}

#[test]
fn what_is_pending_or_kept_is_read_by_offset() {
    let pending = "SEARCH delivery USING INDEX delivery_pending (subscription=? AND offset>?)";
    assert_eq!(plan(delivery_lists::PENDING), [pending]);
    let kept = "SEARCH delivery USING COVERING INDEX sqlite_autoindex_delivery_1 (subscription=? AND offset>?)";
    assert_eq!(plan(delivery_lists::KEPT_AFTER), [kept]);
}

#[test]
fn counting_reads_nothing_of_deliveries_but_an_index() {
    let pending = "SEARCH delivery USING COVERING INDEX delivery_pending (subscription=?)";
    assert_eq!(plan(delivery_lists::PENDING_DEPTH), [pending]);
    let exhausted = "SEARCH delivery USING COVERING INDEX delivery_by_subscription (subscription=? AND state=?)";
    assert_eq!(plan(delivery_lists::EXHAUSTED_DEPTH), [exhausted]);
    let subscriptions = "SCAN subscription USING COVERING INDEX sqlite_autoindex_subscription_1";
    assert_eq!(plan(delivery_lists::SUBSCRIPTIONS), [subscriptions]);
    assert_eq!(plan(subscription_rows::MADE), ["SCAN subscription USING INDEX subscription_made"]);
}

#[test]
fn the_list_of_deliveries_goes_backwards_through_an_index_without_sorting() {
    let of_state = "SEARCH delivery USING INDEX delivery_by_state (state=? AND rowid<?)";
    assert_eq!(plan(delivery_lists::SCAN_OF_STATE), [of_state]);
    let of_one = "SEARCH delivery USING INDEX delivery_by_subscription (subscription=? AND state=? AND rowid<?)";
    assert_eq!(plan(delivery_lists::SCAN_OF_SUBSCRIPTION), [of_one]);
}

#[test]
fn deliveries_that_are_to_be_cleared_away_are_found_by_an_index() {
    let by_offset = "SEARCH delivery USING INDEX sqlite_autoindex_delivery_1";
    assert_eq!(plan(delivery_rows::OF_SUBSCRIPTION), [format!("{by_offset} (subscription=?)")]);
    assert_eq!(plan(delivery_rows::FORGET_AFTER), [format!("{by_offset} (subscription=? AND offset>?)")]);
    let position = "SEARCH position USING INTEGER PRIMARY KEY (rowid=?)";
    assert_eq!(plan(delivery_rows::SETTLED), ["SEARCH delivery USING INDEX delivery_settled (since<?)", position]);
}
