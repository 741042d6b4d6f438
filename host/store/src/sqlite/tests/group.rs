use hookyard_domain::commit::{Commit, Write};
use hookyard_domain::event::Offset;
use rusqlite::{Connection, ErrorCode};

use super::append;
use crate::contract::world::{commit, increment, mark, mark_absent, noon, set};
use crate::sqlite::group::commit_group;
use crate::sqlite::schema::{MIGRATIONS, migrate};
use crate::sqlite::state::WriterState;
use crate::{CommitError, InboxBounds};

fn database() -> (Connection, WriterState) {
    let mut database = Connection::open_in_memory().expect("opens");
    migrate(&mut database, MIGRATIONS).expect("migrates");
    let state = WriterState::load(&database, InboxBounds::default()).expect("loads");
    (database, state)
}

fn count(database: &Connection, table: &str) -> i64 {
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("counts")
}

fn marking(number: u8) -> Commit {
    commit("shop", noon(), [mark_absent(number)], [Write::Mark(mark(number)), append("a.b", 10), increment("n", 1)])
}

#[test]
fn a_refused_commit_is_undone_alone_and_later_ones_see_earlier_ones() {
    let (database, mut state) = database();
    let refused_late = commit("other", noon(), [], [set("new", "v"), set("text", "abc"), increment("text", 1)]);
    let commits = [marking(1), marking(1), refused_late, marking(2)];
    let outcomes = commit_group(&database, &mut state, commits.iter(), || {}).expect("the group commits");
    assert_eq!(outcomes[0].as_ref().expect("commits").events, [Some(Offset(1))]);
    assert!(matches!(outcomes[1], Err(CommitError::MarkPresent)), "the first of the group has set it");
    assert!(matches!(outcomes[2], Err(CommitError::NotANumber { .. })));
    assert_eq!(outcomes[3].as_ref().expect("commits").events, [Some(Offset(2))]);
    assert_eq!((count(&database, "event"), count(&database, "mark"), count(&database, "kv")), (2, 2, 1));
    let number: String =
        database.query_row("SELECT CAST(value AS TEXT) FROM kv", [], |row| row.get(0)).expect("is there");
    assert_eq!(number, "2");
}

#[test]
fn a_group_whose_own_commit_fails_never_happened() {
    let (database, mut state) = database();
    // A constraint that is checked only by COMMIT, and that an event of the kind `a.bad` breaks.
    database
        .execute_batch(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER break_it AFTER INSERT ON event WHEN new.kind = 'a.bad'
             BEGIN INSERT INTO child VALUES (1); END;
             PRAGMA foreign_keys = ON;",
        )
        .expect("writes");
    let commits = [marking(1), commit("shop", noon(), [], [append("a.bad", 10)])];
    let error = commit_group(&database, &mut state, commits.iter(), || {}).expect_err("COMMIT fails");
    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation));
    assert!(database.is_autocommit(), "no transaction is left open");
    assert_eq!((count(&database, "event"), count(&database, "mark"), count(&database, "kv")), (0, 0, 0));
    let mut state = WriterState::load(&database, InboxBounds::default()).expect("loads");
    let outcomes = commit_group(&database, &mut state, [marking(1)].iter(), || {}).expect("the group commits");
    assert_eq!(outcomes[0].as_ref().expect("commits").events, [Some(Offset(1))]);
}
