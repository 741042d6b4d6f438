//! Runs what is due: webhooks of the inbox, and timers. One task looks; every run is a task of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hookyard_capability::Sleep;
use hookyard_domain::clock::{Clock, Timestamp};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use hookyard_store::{Store, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::agenda::{Agenda, Ended, Item};
use crate::connections::Connections;
use crate::in_work::InWork;
use crate::inbox::Inbox;
use crate::timers::{Schedule, Timers};

/// What a clockwork works with.
pub(crate) struct Parts {
    pub(crate) agenda: Agenda,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) timers: Arc<Timers>,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sleep: Arc<dyn Sleep>,
    pub(crate) in_work: Arc<InWork>,
    /// Runs at a time, over all connections.
    pub(crate) at_once: usize,
}

/// Takes from the agenda what is due and runs it.
pub struct Clockwork {
    looking: Mutex<Option<JoinHandle<()>>>,
}

impl Clockwork {
    /// Runs what is due from now on.
    pub(crate) fn start(parts: Parts) -> Self {
        Self { looking: Mutex::new(Some(tokio::spawn(Arc::new(parts).look()))) }
    }

    /// Begins nothing more. What runs already is in work, and ends there.
    pub async fn stop(&self) {
        let looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(looking) = looking {
            looking.abort();
            match looking.await {
                Err(error) if error.is_panic() => tracing::error!(%error, "looking for what is due panicked"),
                Ok(()) | Err(_) => {}
            }
        }
    }
}

impl Parts {
    async fn look(self: Arc<Self>) {
        let room = Arc::new(Semaphore::new(self.at_once));
        let mut reopenings = Reopenings { seen: self.store.reopenings(), not_before: self.clock.now() };
        loop {
            self.restore(&mut reopenings).await;
            // This semaphore is never closed.
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            match self.agenda.take_due(self.clock.now(), 1).pop() {
                Some((connection, item)) => self.begin(connection, item, permit),
                None => {
                    drop(permit);
                    tokio::select! {
                        () = self.agenda.changes().notified() => {}
                        () = self.until(self.agenda.next_due()) => {}
                        () = self.reopened(&mut reopenings) => {}
                    }
                }
            }
        }
    }

    /// Where the store was opened anew after an error, a commit that nobody was told of may have become true: what it kept or
    /// started is put on the agenda.
    async fn restore(&self, reopenings: &mut Reopenings) {
        let now = self.clock.now();
        // The sender lives as long as the store. A store that fails again and again is not read through each time.
        if !reopenings.seen.has_changed().unwrap_or(false) || now < reopenings.not_before {
            return;
        }
        reopenings.not_before = now.after(limit::TRY_AGAIN_AFTER);
        reopenings.seen.mark_unchanged();
        let read = async { Ok::<_, StoreError>((self.inbox.restore().await?, self.schedule.restore().await?)) };
        match read.await {
            Ok((webhooks, timers)) => {
                tracing::info!(webhooks, timers, "the store was opened anew; what waits there is on the agenda");
            }
            Err(error) => {
                reopenings.seen.mark_changed();
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "what waits in the store cannot be read");
            }
        }
    }

    /// Returns when it is worth looking whether the store was opened anew.
    async fn reopened(&self, reopenings: &mut Reopenings) {
        if reopenings.seen.has_changed().unwrap_or(false) {
            return self.until(Some(reopenings.not_before)).await;
        }
        match reopenings.seen.changed().await {
            Ok(()) => reopenings.seen.mark_changed(),
            Err(_) => std::future::pending().await,
        }
    }

    async fn until(&self, due: Option<Timestamp>) {
        let Some(due) = due else { return std::future::pending().await };
        let left = due.as_millis().saturating_sub(self.clock.now().as_millis());
        if let Ok(left @ 1..) = u64::try_from(left) {
            self.sleep.sleep(Duration::from_millis(left).min(limit::DUE_SLEEP_MAX)).await;
        }
    }

    fn begin(self: &Arc<Self>, connection: ConnectionId, item: Item, permit: OwnedSemaphorePermit) {
        let ended = Ended::Later(self.clock.now().after(limit::TRY_AGAIN_AFTER));
        let mut run = Run { parts: Arc::clone(self), connection, item, ended };
        self.in_work.spawn(async move {
            run.ended = match &run.item {
                Item::Webhook { id, .. } => run.parts.inbox.run(&run.connection, *id).await,
                Item::Timer { name } => run.parts.timers.fire(&run.connection, name).await,
            };
            drop(run);
            drop(permit);
        });
    }
}

/// How often the store was opened anew when what waits there was read last, and when it may be read again.
struct Reopenings {
    seen: watch::Receiver<u64>,
    not_before: Timestamp,
}

/// A run; when it is dropped, the agenda hears how it ended. One that panics is tried again later.
struct Run {
    parts: Arc<Parts>,
    connection: ConnectionId,
    item: Item,
    ended: Ended,
}

impl Drop for Run {
    fn drop(&mut self) {
        let Parts { agenda, connections, .. } = &*self.parts;
        agenda.ended(&self.connection, &self.item, self.ended);
        let works = || connections.get(&self.connection).is_some_and(|connection| connection.ready.is_some());
        if self.ended == Ended::Paused && works() {
            // It has changed between the look at it and the end.
            agenda.changed(&self.connection);
        }
    }
}

impl fmt::Debug for Clockwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clockwork").finish_non_exhaustive()
    }
}
