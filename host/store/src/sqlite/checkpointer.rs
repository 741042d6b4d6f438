//! Copies the write-ahead log into the database, on a thread of its own.
//!
//! While commits go on, a pass never reaches the end of the log, so the log would grow for ever. Hence two bounds: above
//! the first, passes run beside the commits; above the second the writer waits for one last, short pass, after which the
//! log starts from its beginning.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use hookyard_domain::limit;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME, ErrorCode};

use super::connection::{Database, Role};
use super::error::store_error;
use super::schema::PAGE_BYTES;
use super::{OpenError, SqliteSettings};
use crate::{CrashPoint, StoreError};

/// Bytes of one page in the log, with its header.
const FRAME_BYTES: u64 = PAGE_BYTES + 24;

/// The thread that copies the log.
#[derive(Debug)]
pub(super) struct Checkpointer {
    orders: SyncSender<Order>,
    /// Whether there is an order to copy that has not been carried out.
    copying: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    bounds: LogBounds,
}

/// How long the log may get.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogBounds {
    /// Bytes not yet in the database above which they are copied beside the commits.
    pub(super) copy_above: u64,
    /// Bytes above which commits wait until the log starts anew.
    pub(super) wait_above: u64,
    /// How long they wait for readers to let go of it.
    pub(super) wait: Duration,
}

impl LogBounds {
    /// Those of a store with these settings.
    pub(super) fn of(settings: &SqliteSettings) -> Self {
        let copy_above = settings.copy_log_above;
        let wait_above = copy_above.saturating_mul(limit::WAL_BYTES_MAX / limit::WAL_CHECKPOINT_BYTES);
        Self { copy_above, wait_above, wait: settings.log_wait }
    }
}

#[derive(Debug)]
enum Order {
    /// Copy what can be copied beside the commits.
    Copy,
    /// Copy everything, and let the log start anew with the next commit.
    Restart(SyncSender<Result<(), StoreError>>),
    Stop,
}

impl Checkpointer {
    /// Starts the thread.
    pub(super) fn start(database: &Arc<Database>, bounds: LogBounds) -> Result<Self, OpenError> {
        // One order to copy, and one to start anew that nobody waits for any more.
        let (orders, received) = sync_channel(2);
        let (database, copying) = (Arc::clone(database), Arc::<AtomicBool>::default());
        let copies = Arc::clone(&copying);
        let thread = std::thread::Builder::new()
            .name("store-checkpointer".to_owned())
            .spawn(move || run(&database, bounds.wait, &received, &copies))
            .map_err(OpenError::Thread)?;
        Ok(Self { orders, copying, thread, bounds })
    }

    /// Called by the writer before it writes: has the log copied when it is long, and waits when it is too long.
    ///
    /// [`StoreError::Overloaded`]: readers or the disk did not let the log be copied in time.
    pub(super) fn make_room(&self, writing: &Connection) -> Result<(), StoreError> {
        let log = LogLength::of(writing).map_err(store_error)?;
        if log.bytes > self.bounds.wait_above {
            return self.restart();
        }
        if log.bytes_to_copy > self.bounds.copy_above && !self.copying.swap(true, Ordering::Relaxed) {
            // A thread that stands still or has ended is found out by `restart`. An order that it did not get is given again.
            if self.orders.try_send(Order::Copy).is_err() {
                self.copying.store(false, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn restart(&self) -> Result<(), StoreError> {
        let (answer, answered) = sync_channel(1);
        // Never waits: a thread that is stuck in the disk takes nothing off its queue, and the writer must not be stuck with it.
        self.orders.try_send(Order::Restart(answer)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        // The copying itself comes on top of the wait for readers; what takes longer still is stuck in the disk.
        match answered.recv_timeout(self.bounds.wait + limit::WAL_COPY_MAX) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(StoreError::Overloaded),
            Err(RecvTimeoutError::Disconnected) => Err(StoreError::Closed),
        }
    }

    /// Copies the whole log and ends the thread. Blocks.
    pub(super) fn stop(self) {
        if self.orders.send(Order::Stop).is_err() || self.thread.join().is_err() {
            tracing::error!("the thread that copies the write-ahead log has panicked");
        }
    }
}

/// How long the write-ahead log is.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogLength {
    /// All of it.
    pub(super) bytes: u64,
    /// What is not in the database yet.
    pub(super) bytes_to_copy: u64,
}

impl LogLength {
    /// Takes no lock and reads no file.
    pub(super) fn of(database: &Connection) -> rusqlite::Result<Self> {
        let (frames, copied) = database.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::NOOP)?;
        // Negative: nothing has been read or written through this connection yet.
        let (frames, copied) = (u64::try_from(frames).unwrap_or(0), u64::try_from(copied).unwrap_or(0));
        Ok(Self { bytes: frames * FRAME_BYTES, bytes_to_copy: frames.saturating_sub(copied) * FRAME_BYTES })
    }
}

fn run(database: &Database, wait: Duration, orders: &Receiver<Order>, copying: &AtomicBool) {
    let mut open = None;
    while let Ok(order) = orders.recv() {
        let mode = match order {
            Order::Copy => CheckpointMode::PASSIVE,
            Order::Restart(_) => CheckpointMode::RESTART,
            Order::Stop => CheckpointMode::TRUNCATE,
        };
        let result = checkpoint(database, wait, &mut open, mode);
        if let Err(error) = &result {
            tracing::warn!(%error, "the write-ahead log could not be copied into the database");
        }
        match order {
            Order::Copy => copying.store(false, Ordering::Relaxed),
            // The writer may have stopped waiting.
            Order::Restart(answer) => drop(answer.send(result)),
            Order::Stop => return,
        }
    }
}

/// Uses a new connection after an error, because the old one may be left with it.
fn checkpoint(
    database: &Database,
    wait: Duration,
    open: &mut Option<Connection>,
    mode: CheckpointMode,
) -> Result<(), StoreError> {
    let opened = match open.take() {
        Some(opened) => opened,
        None => database.open(Role::Checkpoint).map_err(store_error)?,
    };
    opened.busy_timeout(wait).map_err(store_error)?;
    database.settings.reached(CrashPoint::CheckpointBegins);
    match opened.wal_checkpoint_v2(DEFAULT_NAME, mode) {
        Ok(_) => {
            database.settings.reached(CrashPoint::CheckpointEnds);
            *open = Some(opened);
            Ok(())
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            *open = Some(opened);
            Err(StoreError::Overloaded)
        }
        Err(error) => Err(store_error(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: LogBounds =
        LogBounds { copy_above: 64 * 1024, wait_above: 256 * 1024, wait: Duration::from_millis(20) };
    const WRITE_BYTES: u64 = 32 * 1024;

    struct World {
        _directory: tempfile::TempDir,
        database: Arc<Database>,
        writing: Connection,
        checkpointer: Checkpointer,
    }

    impl World {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("there is room for a directory");
            let path = directory.path().join("test.db");
            Connection::open(&path)
                .and_then(|database| {
                    database.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
                    database.execute_batch("CREATE TABLE entry (value BLOB)")
                })
                .expect("makes a database");
            let database = Arc::new(Database { path, settings: SqliteSettings::default() });
            let writing = database.open(Role::Write).expect("opens");
            let checkpointer = Checkpointer::start(&database, BOUNDS).expect("starts");
            Self { _directory: directory, database, writing, checkpointer }
        }

        fn write(&self) {
            let insert = "INSERT INTO entry VALUES (zeroblob(?1))";
            self.writing.execute(insert, [WRITE_BYTES.cast_signed()]).expect("writes");
        }

        fn log_bytes(&self) -> u64 {
            LogLength::of(&self.writing).expect("reads").bytes
        }
    }

    #[test]
    fn the_log_stays_within_its_bound_however_much_is_written() {
        let world = World::new();
        for _ in 0..200 {
            world.checkpointer.make_room(&world.writing).expect("there is room");
            world.write();
            assert!(world.log_bytes() <= BOUNDS.wait_above + WRITE_BYTES * 2, "{} bytes", world.log_bytes());
        }
        world.checkpointer.stop();
    }

    #[test]
    fn a_log_that_nobody_copies_grows() {
        let world = World::new();
        for _ in 0..20 {
            world.write();
        }
        assert!(world.log_bytes() > BOUNDS.wait_above, "else the bound is not what keeps it short");
    }

    #[test]
    fn commits_are_refused_while_a_reader_holds_on_to_a_log_at_its_bound() {
        let world = World::new();
        world.write();
        let reading = world.database.open(Role::Read).expect("opens");
        reading.execute_batch("BEGIN; SELECT count(*) FROM entry").expect("begins");
        while world.log_bytes() <= BOUNDS.wait_above {
            world.write();
        }
        let refused = world.checkpointer.make_room(&world.writing);
        assert!(matches!(refused, Err(StoreError::Overloaded)), "{refused:?}");
        reading.execute_batch("COMMIT").expect("lets go");
        world.checkpointer.make_room(&world.writing).expect("nobody reads any more");
        world.write();
        assert!(world.log_bytes() <= WRITE_BYTES * 2, "the log has started anew");
    }
}
