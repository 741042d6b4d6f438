use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use hookyard_domain::clock::ManualClock;
use hookyard_faults::Disk;
use rusqlite::Connection;

use super::{append, database, directory, kinds, open, try_open};
use crate::Ledger as _;
use crate::contract::world::{commit, noon};
use crate::sqlite::schema::MIGRATIONS;
use crate::sqlite::{OpenError, SqliteSettings, SqliteStore};

/// A directory with a database that has one event.
async fn with_one_event() -> tempfile::TempDir {
    let directory = directory();
    let store = open(directory.path());
    store.commit(commit("shop", noon(), [], [append("a.b", 10)])).await.expect("commits");
    directory
}

fn refused(directory: &Path) -> OpenError {
    let before = fs::read(directory.join("hookyard.db")).ok();
    let error = try_open(directory).expect_err("is refused");
    assert_eq!(fs::read(directory.join("hookyard.db")).ok(), before, "the file is left as it is");
    error
}

#[tokio::test]
async fn a_second_store_on_one_directory_is_refused_until_the_first_is_gone() {
    let directory = directory();
    let first = open(directory.path());
    let error = try_open(directory.path()).expect_err("is in use");
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains(&directory.path().display().to_string()) && message.contains("--data"), "{message}");
    first.commit(commit("shop", noon(), [], [append("a.b", 10)])).await.expect("the first goes on");
    drop(first);
    assert_eq!(kinds(&open(directory.path())).await, ["a.b"]);
}

#[tokio::test]
async fn a_closed_store_lets_the_next_one_open() {
    let directory = directory();
    let first = open(directory.path());
    crate::Store::close(&first).await;
    open(directory.path());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let directory = with_one_event().await;
    let newer = MIGRATIONS.len() as i64 + 1;
    database(directory.path()).pragma_update(None, "user_version", newer).expect("writes");
    let error = refused(directory.path());
    assert!(
        matches!(error, OpenError::Newer { found, known, .. } if found == newer && known == newer - 1),
        "{error:?}"
    );
    database(directory.path()).pragma_update(None, "user_version", newer - 1).expect("writes");
    assert_eq!(kinds(&open(directory.path())).await, ["a.b"], "nothing has happened to it");
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_refused() {
    let directory = with_one_event().await;
    let disk = Disk::register("store-refusal").expect("registers");
    let settings = SqliteSettings { vfs: Some(disk.name().to_owned()), ..SqliteSettings::default() };
    let open = || SqliteStore::open_with(directory.path(), Arc::new(ManualClock::at(noon())), &settings);
    disk.set_read_only(true);
    let error = open().expect_err("is refused");
    assert!(matches!(error, OpenError::ReadOnly(_)) && error.to_string().contains("hookyard.db"), "{error:?}");
    disk.set_read_only(false);
    assert_eq!(kinds(&open().expect("opens")).await, ["a.b"]);
}

#[test]
fn the_database_of_another_program_is_refused() {
    let directory = directory();
    database(directory.path()).execute_batch("CREATE TABLE theirs (id INTEGER)").expect("writes");
    let error = refused(directory.path());
    assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
    assert!(error.to_string().contains("hookyard.db"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    for content in [b"".as_slice(), b"not a database", &[0; 8_192]] {
        let directory = directory();
        fs::write(directory.path().join("hookyard.db"), content).expect("writes");
        let error = refused(directory.path());
        assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_database_cut_short_is_refused() {
    let directory = with_one_event().await;
    let path = directory.path().join("hookyard.db");
    fs::OpenOptions::new().write(true).open(&path).expect("opens").set_len(4_096).expect("cuts");
    let error = refused(directory.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
}

#[test]
fn a_log_without_its_database_is_refused() {
    let directory = directory();
    fs::write(directory.path().join("hookyard.db-wal"), b"commits").expect("writes");
    let error = refused(directory.path());
    assert!(matches!(error, OpenError::DatabaseMissing { .. }), "{error:?}");
    assert!(!directory.path().join("hookyard.db").exists(), "no fresh start");
}

#[tokio::test]
async fn a_crash_while_the_database_was_made_is_made_good() {
    let directory = directory();
    for leftover in ["hookyard.db.new", "hookyard.db.new-journal", "hookyard.db.new-wal"] {
        fs::write(directory.path().join(leftover), b"half").expect("writes");
    }
    let store = open(directory.path());
    store.commit(commit("shop", noon(), [], [append("a.b", 10)])).await.expect("commits");
    assert!(!directory.path().join("hookyard.db.new").exists());
}

#[tokio::test]
async fn the_settings_that_can_be_chosen_only_once_are_chosen() {
    let directory = with_one_event().await;
    let database: Connection = database(directory.path());
    let pragma = |name: &str| -> i64 { database.pragma_query_value(None, name, |row| row.get(0)).expect("reads") };
    assert_eq!(pragma("page_size"), 4_096);
    assert_eq!(pragma("auto_vacuum"), 2, "incremental");
    assert_eq!(pragma("user_version"), MIGRATIONS.len() as i64);
    let mode: String = database.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("reads");
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_directory_that_others_may_write_to_is_refused() {
    let directory = directory();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).expect("the mode can be set");
    let error = refused(directory.path());
    assert!(matches!(error, OpenError::Shared(_)), "{error:?}");
    assert!(error.to_string().contains("chmod go-w"), "{error}");
}
