use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::*;

fn disk() -> Disk {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    Disk::register(&format!("faults-test-{}", NUMBER.fetch_add(1, Ordering::Relaxed))).expect("registers")
}

struct World {
    disk: Disk,
    directory: tempfile::TempDir,
}

impl World {
    /// A database on a disk of its own.
    fn new() -> Self {
        let world = Self { disk: disk(), directory: tempfile::tempdir().expect("there is room for a directory") };
        world.open("full").execute_batch("CREATE TABLE entry (value INTEGER)").expect("writes");
        world
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("test.db")
    }

    fn open(&self, synchronous: &str) -> Connection {
        self.try_open(synchronous).expect("opens")
    }

    fn try_open(&self, synchronous: &str) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let database = Connection::open_with_flags_and_vfs(self.path(), flags, self.disk.name())?;
        database.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        database.pragma_update(None, "synchronous", synchronous)?;
        Ok(database)
    }

    /// Ends the connections as a power cut does, and says what is left in the real files, read without this VFS.
    fn after_power_cut(&self, connections: Vec<Connection>) -> Vec<i64> {
        self.disk.cut_power();
        drop(connections);
        self.disk.restore_power();
        entries(&Connection::open(self.path()).expect("opens"))
    }
}

fn add(database: &Connection, value: i64) -> rusqlite::Result<()> {
    database.execute("INSERT INTO entry VALUES (?1)", [value]).map(drop)
}

fn entries(database: &Connection) -> Vec<i64> {
    let mut select = database.prepare("SELECT value FROM entry ORDER BY rowid").expect("reads");
    let rows = select.query_map([], |row| row.get(0)).expect("reads");
    rows.collect::<Result<_, _>>().expect("reads")
}

fn copy(from: &Path, to: &Path) {
    for file in ["test.db", "test.db-wal"] {
        std::fs::copy(from.join(file), to.join(file)).expect("copies");
    }
}

#[test]
fn connections_see_what_is_not_synced_and_the_real_files_do_not() {
    let world = World::new();
    let (writing, reading) = (world.open("off"), world.open("off"));
    add(&writing, 1).expect("writes");
    assert_eq!(entries(&reading), [1]);
    assert!(world.disk.unsynced_bytes() > 0);
    let elsewhere = tempfile::tempdir().expect("there is room for a directory");
    copy(world.directory.path(), elsewhere.path());
    assert!(entries(&Connection::open(elsewhere.path().join("test.db")).expect("opens")).is_empty());
}

#[test]
fn what_was_synced_survives_a_power_cut() {
    let world = World::new();
    let (writing, reading) = (world.open("full"), world.open("full"));
    let before = world.disk.syncs();
    (1..=3).for_each(|value| add(&writing, value).expect("writes"));
    assert!(world.disk.syncs() >= before + 3, "each commit is synced");
    assert_eq!(entries(&reading), [1, 2, 3]);
    assert_eq!(world.after_power_cut(vec![writing, reading]), [1, 2, 3]);
}

#[test]
fn large_files_and_large_syncs_are_no_exception() {
    let world = World::new();
    let writing = world.open("full");
    writing.execute_batch("CREATE TABLE large (content BLOB)").expect("writes");
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    writing.execute("INSERT INTO large VALUES (?1)", [&content]).expect("writes");
    world.after_power_cut(vec![writing]);
    let there =
        |database: &Connection| database.query_row("SELECT content FROM large", [], |row| row.get::<_, Vec<u8>>(0));
    assert_eq!(there(&Connection::open(world.path()).expect("opens")).expect("reads"), content);
    assert_eq!(there(&world.open("full")).expect("reads"), content);
}

#[test]
fn what_was_not_synced_does_not() {
    let world = World::new();
    let writing = world.open("full");
    add(&writing, 1).expect("writes");
    writing.pragma_update(None, "synchronous", "off").expect("is set");
    add(&writing, 2).expect("writes");
    assert_eq!(entries(&writing), [1, 2]);
    assert_eq!(world.after_power_cut(vec![writing]), [1]);
}

#[test]
fn an_orderly_end_keeps_everything() {
    let world = World::new();
    let writing = world.open("off");
    add(&writing, 1).expect("writes");
    drop(writing);
    assert_eq!(entries(&Connection::open(world.path()).expect("opens")), [1]);
}

#[test]
fn a_checkpoint_that_is_cut_off_loses_nothing() {
    let world = World::new();
    let writing = world.open("full");
    (0..500).for_each(|value| add(&writing, value).expect("writes"));
    let checkpoint = || writing.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    world.disk.fail_syncs(true);
    checkpoint().expect_err("what it has copied is not synced");
    world.disk.fail_syncs(false);
    assert_eq!(world.after_power_cut(vec![writing]), (0..500).collect::<Vec<_>>());
}

#[test]
fn a_sync_that_fails_fails_its_commit_and_the_next_one_does_not_stand_on_it() {
    let world = World::new();
    let writing = world.open("full");
    add(&writing, 1).expect("writes");
    world.disk.fail_syncs(true);
    let error = add(&writing, 2).expect_err("the sync fails");
    assert_eq!(error.sqlite_error().map(|error| error.extended_code), Some(rusqlite::ffi::SQLITE_IOERR_FSYNC));
    world.disk.fail_syncs(false);
    add(&writing, 3).expect("writes");
    assert_eq!(world.after_power_cut(vec![writing]), [1, 3]);
}

#[test]
fn writes_that_fail_leave_nothing_behind() {
    let world = World::new();
    let writing = world.open("full");
    add(&writing, 1).expect("writes");
    world.disk.fail_writes(true);
    assert_eq!(add(&writing, 2).expect_err("fails").sqlite_error_code(), Some(ErrorCode::SystemIoFailure));
    world.disk.fail_writes(false);
    add(&writing, 3).expect("writes");
    assert_eq!(entries(&writing), [1, 3]);
    assert_eq!(world.after_power_cut(vec![writing]), [1, 3]);
}

#[test]
fn a_full_disk_takes_what_fits_and_goes_on_when_there_is_room() {
    let world = World::new();
    let writing = world.open("full");
    world.disk.set_room(Some(40_000));
    let mut kept = Vec::new();
    let error = loop {
        let value = kept.len() as i64;
        match add(&writing, value) {
            Ok(()) => kept.push(value),
            Err(error) => break error,
        }
    };
    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
    assert!(!kept.is_empty(), "there was some room");
    assert_eq!(entries(&writing), kept);
    world.disk.set_room(None);
    add(&writing, 1_000).expect("there is room");
    kept.push(1_000);
    assert_eq!(world.after_power_cut(vec![writing]), kept);
}

#[test]
fn what_may_only_be_read_is_read() {
    let world = World::new();
    add(&world.open("full"), 1).expect("writes");
    world.disk.set_read_only(true);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let database = Connection::open_with_flags_and_vfs(world.path(), flags, world.disk.name()).expect("opens");
    assert!(database.is_readonly("main").expect("says so"));
    assert_eq!(add(&database, 2).expect_err("fails").sqlite_error_code(), Some(ErrorCode::ReadOnly));
    drop(database);
    world.disk.set_read_only(false);
    add(&world.open("full"), 3).expect("writes");
}

#[test]
fn without_power_there_is_nothing() {
    let world = World::new();
    let writing = world.open("full");
    world.disk.cut_power();
    add(&writing, 1).expect_err("there is no disk");
    world.try_open("full").expect_err("nor one to open");
    drop(writing);
    world.disk.restore_power();
    assert!(entries(&world.open("full")).is_empty());
}

#[test]
fn a_name_is_given_once() {
    let disk = disk();
    assert!(matches!(Disk::register(disk.name()), Err(RegisterError::Taken(_))));
    assert!(matches!(Disk::register("a\0b"), Err(RegisterError::Name(_))));
}
