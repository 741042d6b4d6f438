//! The threads that read, each with a connection of its own.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use hookyard_domain::limit;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::OpenError;
use super::connection::{Database, Role};
use super::error::store_error;
use crate::StoreError;

/// Answers whoever asked; `true` when the connection should be replaced.
type Read = Box<dyn FnOnce(Result<&Connection, StoreError>) -> bool + Send>;

enum Order {
    Read(Read),
    Stop,
}

/// Where reads wait for a thread.
pub(super) struct Readers {
    queue: SyncSender<Order>,
}

impl Readers {
    /// Runs `query` on one of the threads, in a transaction of its own: all that it reads is of one moment. It must read
    /// no more than a page, because the write-ahead log cannot be shortened meanwhile.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let read: Read = Box::new(move |database| {
            let result = database.and_then(|database| snapshot(database, query).map_err(store_error));
            let failed = result.is_err();
            // Whoever asked may have gone.
            drop(answer.send(result));
            failed
        });
        self.queue.try_send(Order::Read(read)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }
}

fn snapshot<T>(database: &Connection, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    database.prepare_cached("BEGIN")?.execute([])?;
    let result = query(database);
    // Nothing was written, so this only lets go of the snapshot.
    let ended = database.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
    let value = result?;
    ended.map(|_| value)
}

/// The threads that serve a [`Readers`].
pub(super) struct ReaderThreads {
    queue: SyncSender<Order>,
    threads: Vec<JoinHandle<()>>,
}

impl ReaderThreads {
    /// Answers what waits, then ends the threads. Blocks.
    pub(super) fn stop(self) {
        for _ in &self.threads {
            // An error says that all of them have ended.
            drop(self.queue.send(Order::Stop));
        }
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread that reads the database has panicked");
            }
        }
    }
}

/// Starts the threads.
pub(super) fn start(database: &Arc<Database>) -> Result<(Readers, ReaderThreads), OpenError> {
    let (queue, orders) = sync_channel(limit::READS_WAITING_MAX);
    let orders = Arc::new(Mutex::new(orders));
    let threads = (0..limit::STORE_READERS)
        .map(|_| {
            let (database, orders) = (Arc::clone(database), Arc::clone(&orders));
            std::thread::Builder::new().name("store-reader".to_owned()).spawn(move || run(&database, &orders))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(OpenError::Thread)?;
    Ok((Readers { queue: queue.clone() }, ReaderThreads { queue, threads }))
}

fn run(database: &Database, orders: &Mutex<Receiver<Order>>) {
    let mut open = None;
    while let Order::Read(read) = next(orders) {
        let opened = match open.take() {
            Some(opened) => Ok(opened),
            None => database.open(Role::Read).map_err(store_error),
        };
        match opened {
            Ok(opened) => {
                let failed = read(Ok(&opened));
                open = (!failed).then_some(opened);
            }
            Err(error) => {
                read(Err(error));
            }
        }
    }
}

/// One thread waits for the next order, the others for their turn to wait.
fn next(orders: &Mutex<Receiver<Order>>) -> Order {
    orders.lock().unwrap_or_else(PoisonError::into_inner).recv().unwrap_or(Order::Stop)
}
