//! The one thread that writes, and the queue before it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;

use hookyard_domain::clock::Clock;
use hookyard_domain::commit::{Commit, Committed};
use hookyard_domain::event::Offset;
use hookyard_domain::limit;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::OpenError;
use super::checkpointer::{Checkpointer, LogLength};
use super::connection::{Database, Role};
use super::error::store_error;
use super::group::{Outcomes, commit_group, in_transaction};
use super::meter::{Meter, Waiting};
use super::retention::{Retention, RetentionTimes};
use super::state::WriterState;
use crate::commit_size::checked_size;
use crate::{CommitError, CrashPoint, StoreError, Workload};

/// Answers whoever asked; `true` when the connection, and what is known of the database, should be replaced.
type Change = Box<dyn FnOnce(Result<(&Connection, &mut WriterState), StoreError>) -> bool + Send>;

enum Order {
    Commit(WaitingCommit),
    Change(Change),
    Stop,
}

struct WaitingCommit {
    commit: Commit,
    bytes: usize,
    answer: oneshot::Sender<Result<Committed, CommitError>>,
    room: OwnedSemaphorePermit,
    waiting: Waiting,
}

impl WaitingCommit {
    /// Answers whoever asked; the commit does not wait any more then.
    fn answer(self, outcome: Result<Committed, CommitError>) {
        let Self { commit, bytes: _, answer, room, waiting } = self;
        drop((commit, room, waiting));
        // Whoever asked may have gone; what became of the commit stands.
        drop(answer.send(outcome));
    }
}

/// Where commits wait for the writer.
pub(super) struct WriterQueue {
    orders: SyncSender<Order>,
    /// Bytes that may still join the queue.
    room: Arc<Semaphore>,
    meter: Arc<Meter>,
}

impl WriterQueue {
    /// Waits until the commit is durable, or refused.
    pub(super) async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let bytes = checked_size(&commit)?;
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(permits).map_err(|_| CommitError::Overloaded)?;
        let (answer, answered) = oneshot::channel();
        let order = Order::Commit(WaitingCommit { commit, bytes, answer, room, waiting: self.meter.waiting() });
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => CommitError::Overloaded,
            TrySendError::Disconnected(_) => CommitError::Unavailable(StoreError::Closed),
        })?;
        answered.await.unwrap_or(Err(CommitError::Unavailable(StoreError::Closed)))
    }

    /// Runs `change` in a transaction of its own, and waits until it is durable.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_knowing(|database, _| change(database)).await
    }

    /// The same for a change of what the writer knows by heart.
    pub(super) async fn write_knowing<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection, &mut WriterState) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let waiting = self.meter.waiting();
        let change: Change = Box::new(move |open| {
            let result = open.and_then(|(database, state)| {
                in_transaction(database, |database| change(database, state)).map_err(store_error)
            });
            let failed = result.is_err();
            drop(waiting);
            // Whoever asked may have gone.
            drop(answer.send(result));
            failed
        });
        self.orders.try_send(Order::Change(change)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Follows how often the database was opened anew.
    pub(super) fn reopenings(&self) -> watch::Receiver<u64> {
        self.meter.reopenings()
    }

    /// How busy the writer is.
    pub(super) fn workload(&self) -> Workload {
        let taken = limit::COMMITS_WAITING_BYTES_MAX.saturating_sub(self.room.available_permits());
        Workload {
            waiting: self.meter.how_many_wait(),
            waiting_bytes: u64::try_from(taken).unwrap_or(u64::MAX),
            log_bytes: self.meter.log_bytes(),
            groups: self.meter.groups(),
            reopened: *self.meter.reopenings().borrow(),
        }
    }
}

/// The thread that serves a [`WriterQueue`].
pub(super) struct WriterThread {
    orders: SyncSender<Order>,
    thread: JoinHandle<()>,
}

impl WriterThread {
    /// Makes what waits durable, then ends the thread and the checkpointer. Blocks.
    pub(super) fn stop(self) {
        if self.orders.send(Order::Stop).is_err() || self.thread.join().is_err() {
            tracing::error!("the thread that writes the database has panicked");
        }
    }
}

/// Starts the thread.
pub(super) fn start(writer: Writer) -> Result<(WriterQueue, WriterThread), OpenError> {
    let (orders, received) = sync_channel(limit::COMMITS_WAITING_MAX);
    let meter = Arc::clone(&writer.meter);
    let thread = std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || writer.run(&received))
        .map_err(OpenError::Thread)?;
    let room = Arc::new(Semaphore::new(limit::COMMITS_WAITING_BYTES_MAX));
    Ok((WriterQueue { orders: orders.clone(), room, meter }, WriterThread { orders, thread }))
}

/// What the thread owns.
pub(super) struct Writer {
    database: Arc<Database>,
    /// `None` after an error: the next use opens the database anew.
    open: Option<(Connection, WriterState)>,
    newest: watch::Sender<Offset>,
    checkpointer: Checkpointer,
    retention: Retention,
    clock: Arc<dyn Clock>,
    meter: Arc<Meter>,
}

impl Writer {
    /// A writer with an open database.
    pub(super) fn new(
        database: Arc<Database>,
        writing: Connection,
        state: WriterState,
        newest: watch::Sender<Offset>,
        checkpointer: Checkpointer,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let retention = Retention::new(clock.now(), RetentionTimes::of(&database.settings));
        let meter = Arc::new(Meter::default());
        Self { database, open: Some((writing, state)), newest, checkpointer, retention, clock, meter }
    }

    fn run(mut self, orders: &Receiver<Order>) {
        let mut next = None;
        loop {
            let order = match next.take() {
                Some(order) => order,
                None => match self.wait(orders) {
                    Some(order) => order,
                    None => continue,
                },
            };
            match order {
                Order::Commit(first) => {
                    let group;
                    (group, next) = gather(first, orders);
                    self.commit(group);
                }
                Order::Change(change) => self.change(change),
                Order::Stop => break,
            }
            if self.retention.is_due(self.clock.now(), true) {
                self.clear_away();
            }
        }
        self.open = None;
        self.checkpointer.stop();
    }

    /// The next order; `None` when it is worth looking at the clock again.
    fn wait(&mut self, orders: &Receiver<Order>) -> Option<Order> {
        if self.retention.is_due(self.clock.now(), false) {
            return match orders.try_recv() {
                Ok(order) => Some(order),
                Err(TryRecvError::Empty) => {
                    self.clear_away();
                    None
                }
                Err(TryRecvError::Disconnected) => Some(Order::Stop),
            };
        }
        match orders.recv_timeout(limit::RETENTION_INTERVAL) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Order::Stop),
        }
    }

    /// Makes a group durable, then answers each of its commits.
    fn commit(&mut self, group: Vec<WaitingCommit>) {
        match self.try_commit(&group) {
            Ok(outcomes) => {
                self.reached(CrashPoint::GroupDurable);
                for (place, (waiting, outcome)) in group.into_iter().zip(outcomes).enumerate() {
                    if place == 1 {
                        self.reached(CrashPoint::BetweenAnswers);
                    }
                    waiting.answer(outcome);
                }
            }
            Err(error) => {
                for waiting in group {
                    waiting.answer(Err(error.clone()));
                }
            }
        }
    }

    fn try_commit(&mut self, group: &[WaitingCommit]) -> Result<Outcomes, CommitError> {
        self.reached(CrashPoint::GroupBegins);
        let (database, mut state) = self.open().map_err(commit_error)?;
        let applied = || self.reached(CrashPoint::GroupApplied);
        let outcomes = commit_group(&database, &mut state, group.iter().map(|waiting| &waiting.commit), applied);
        match outcomes {
            Ok(outcomes) => {
                let newest = Offset(state.newest);
                self.meter.group(group.len());
                if let Ok(log) = LogLength::of(&database) {
                    self.meter.log(log.bytes);
                }
                self.open = Some((database, state));
                self.newest.send_if_modified(|seen| std::mem::replace(seen, newest) != newest);
                Ok(outcomes)
            }
            Err(error) => {
                self.recover(database, &error);
                Err(CommitError::Unavailable(store_error(error)))
            }
        }
    }

    fn change(&mut self, change: Change) {
        match self.open() {
            Ok((database, mut state)) => {
                let failed = change(Ok((&database, &mut state)));
                self.open = (!failed).then_some((database, state));
            }
            Err(error) => {
                change(Err(error));
            }
        }
    }

    fn clear_away(&mut self) {
        let started = self.clock.now();
        let outcome = self.open().and_then(|(database, state)| {
            let batch = in_transaction(&database, |database| {
                self.retention.batch(database, started)?;
                self.reached(CrashPoint::RetentionApplied);
                Ok(())
            });
            match batch {
                Ok(()) => {
                    self.reached(CrashPoint::RetentionDurable);
                    self.retention.took(self.clock.now().as_millis() - started.as_millis());
                    self.open = Some((database, state));
                    Ok(())
                }
                Err(error) => {
                    self.recover(database, &error);
                    Err(store_error(error))
                }
            }
        });
        if let Err(error) = outcome {
            tracing::warn!(%error, "what has expired could not be cleared away");
            self.retention.put_off(self.clock.now());
        }
    }

    fn load(&self, database: &Connection) -> rusqlite::Result<WriterState> {
        WriterState::load(database, self.database.settings.inbox.bounds)
    }

    fn reached(&self, point: CrashPoint) {
        self.database.settings.reached(point);
    }

    /// The open database, with room in its log. Whoever takes it puts it back, unless it has failed.
    fn open(&mut self) -> Result<(Connection, WriterState), StoreError> {
        let (database, state) = match self.open.take() {
            Some(open) => open,
            None => {
                let database = self.database.open(Role::Write).map_err(store_error)?;
                let state = self.load(&database).map_err(store_error)?;
                self.meter.reopened();
                (database, state)
            }
        };
        match self.checkpointer.make_room(&database) {
            Ok(()) => Ok((database, state)),
            Err(error) => {
                self.open = Some((database, state));
                Err(error)
            }
        }
    }

    /// After an error the state in memory is void, and the connection too, unless the disk was merely full.
    fn recover(&mut self, database: Connection, error: &rusqlite::Error) {
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull)
            && database.is_autocommit()
            && let Ok(state) = self.load(&database)
        {
            self.open = Some((database, state));
        }
    }
}

fn commit_error(error: StoreError) -> CommitError {
    match error {
        StoreError::Overloaded => CommitError::Overloaded,
        error => CommitError::Unavailable(error),
    }
}

/// The group that `first` begins: what waits already, within the bounds of a group. Also the order that ended it, if it
/// was another one.
fn gather(first: WaitingCommit, orders: &Receiver<Order>) -> (Vec<WaitingCommit>, Option<Order>) {
    let mut bytes = first.bytes;
    let mut group = vec![first];
    while group.len() < limit::GROUP_COMMITS_MAX && bytes < limit::GROUP_BYTES_MAX {
        match orders.try_recv() {
            Ok(Order::Commit(waiting)) => {
                bytes += waiting.bytes;
                group.push(waiting);
            }
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}
