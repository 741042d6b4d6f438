//! Copies the log of raw SQLite into its database on a thread of its own, within the bounds that the store has.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use hookyard_domain::limit;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME};

/// Bytes of one page in the log, with its header.
const FRAME_BYTES: u64 = 4_096 + 24;

/// The thread.
pub(crate) struct Checkpoints {
    orders: SyncSender<Order>,
    thread: JoinHandle<rusqlite::Result<()>>,
}

enum Order {
    Copy,
    Restart(SyncSender<()>),
}

impl Checkpoints {
    /// Starts it.
    pub(crate) fn start(database: &Path) -> rusqlite::Result<Self> {
        let database = Connection::open(database)?;
        let (orders, received) = sync_channel(1);
        let thread = std::thread::spawn(move || run(&database, &received));
        Ok(Self { orders, thread })
    }

    /// To be called after each group.
    pub(crate) fn after_group(&self, writing: &Connection) -> anyhow::Result<()> {
        let (frames, copied) = writing.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::NOOP)?;
        let bytes = |frames: i32| u64::try_from(frames).unwrap_or(0) * FRAME_BYTES;
        if bytes(frames) > limit::WAL_BYTES_MAX {
            let (done, wait) = sync_channel(1);
            self.orders.send(Order::Restart(done))?;
            wait.recv()?;
        } else if bytes(frames - copied) > limit::WAL_CHECKPOINT_BYTES {
            // A full channel has an order in it already.
            drop(self.orders.try_send(Order::Copy));
        }
        Ok(())
    }

    /// Ends it.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        drop(self.orders);
        self.thread.join().map_err(|_| anyhow::anyhow!("the thread that copies the log has panicked"))??;
        Ok(())
    }
}

fn run(database: &Connection, orders: &Receiver<Order>) -> rusqlite::Result<()> {
    database.busy_timeout(limit::WAL_WAIT_MAX)?;
    database.pragma_update(None, "synchronous", "full")?;
    database.pragma_update(None, "checkpoint_fullfsync", true)?;
    while let Ok(order) = orders.recv() {
        match order {
            Order::Copy => database.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::PASSIVE).map(drop)?,
            Order::Restart(done) => {
                database.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::RESTART)?;
                if done.send(()).is_err() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
