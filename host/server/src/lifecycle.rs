//! Activates connections: when the host starts, when the operator asks, and again while a provider cannot be reached.
//!
//! An activation tells how a connection is doing and what is left to do by hand. It never stands in the way of webhooks.

mod deactivate;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hookyard_capability::{Draft, Sleep};
use hookyard_domain::connection::HealthStatus;
use hookyard_domain::id::InvocationId;
use hookyard_domain::invocation::{Cause, ErrorKind, PluginError};
use hookyard_domain::{limit, retry};
use hookyard_sandbox::{Activated, Component, Finished, Invocation, Outcome, Sandbox};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::agenda::Agenda;
use crate::connections::{Connection, Ready};
use crate::dispatcher::Dispatcher;
use crate::invocations::Occasion;
use crate::invoker::{Errand, Invoker, NotCommitted, Undertaking};
use crate::telemetry::traceparent;

/// Activates connections.
pub struct Lifecycle {
    invoker: Arc<Invoker>,
    agenda: Agenda,
    /// Absent, until the host is put together.
    dispatcher: OnceLock<Arc<Dispatcher>>,
    sleep: Arc<dyn Sleep>,
    /// Activations at a time, so that a start with many connections leaves room for webhooks.
    at_once: Semaphore,
    /// The same for those that take their leave.
    leaving_at_once: Semaphore,
    tasks: Mutex<JoinSet<()>>,
}

/// Who wants to know.
#[derive(Debug, Clone, Copy)]
enum Asked {
    /// The host, of many connections: a few at a time.
    ByItself,
    /// The operator, who has seen so many activations end: at once, or what a running one says.
    ByOperator { seen: u64 },
}

/// What came of an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// The connection is active.
    Succeeded,
    /// The plugin says that it is not, or broke.
    Failed(Again),
    /// The host could not do it now; that says nothing about the connection.
    NotMade,
}

/// Whether a failed activation is to be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// Waiting does not mend it.
    No,
    /// Later, and not before this time has passed.
    Later(Option<Duration>),
}

/// The host was too busy, or its store is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection could not be checked now")]
pub struct NotChecked;

impl Lifecycle {
    /// Has activated nothing yet. What waits for that is on the `agenda`.
    pub(crate) fn new(invoker: Arc<Invoker>, agenda: Agenda, sleep: Arc<dyn Sleep>) -> Self {
        let at_once = Semaphore::new(limit::ACTIVATIONS_AT_ONCE_MAX);
        let leaving_at_once = Semaphore::new(limit::DEACTIVATIONS_AT_ONCE_MAX);
        let (dispatcher, tasks) = (OnceLock::new(), Mutex::default());
        Self { invoker, agenda, dispatcher, sleep, at_once, leaving_at_once, tasks }
    }

    /// From now on the dispatcher is told of activations as well. Before any.
    pub(crate) fn also_tells(&self, dispatcher: Arc<Dispatcher>) {
        // Only the first one counts; a host has no other.
        self.dispatcher.get_or_init(|| dispatcher);
    }

    /// What waits for the connection's activation is due.
    fn tell_activated(&self, connection: &Connection) {
        self.agenda.activated(&connection.id);
        if let Some(dispatcher) = self.dispatcher.get() {
            dispatcher.activated(&connection.id);
        }
    }

    /// Activates a connection in the background: now, again while its provider cannot be reached, and whenever the provider has
    /// refused its credentials, to see whether that is so. Ends with the connection.
    pub fn begin(self: &Arc<Self>, connection: &Arc<Connection>) {
        if connection.has_lifecycle() {
            connection.awaits_activation(self.invoker.services.clock.now());
            let (lifecycle, connection) = (Arc::clone(self), Arc::clone(connection));
            self.spawn(async move { lifecycle.keep_active(&connection).await });
        } else if connection.ready.is_some() {
            // What waits for an activation does so in vain: another version of the plugin had one.
            self.tell_activated(connection);
        }
    }

    /// Activates a connection now; if its provider cannot be reached, it is tried again in the background. On return the
    /// connection's health and setup say what came of it.
    ///
    /// # Errors
    /// The host could not do it now, which says nothing about the connection.
    pub async fn check(self: &Arc<Self>, connection: &Arc<Connection>) -> Result<(), NotChecked> {
        if !connection.has_lifecycle() {
            return Ok(());
        }
        let seen = connection.activations();
        let (tell, told) = oneshot::channel();
        let (lifecycle, checked) = (Arc::clone(self), Arc::clone(connection));
        // An operator who stops waiting does not leave a connection half activated.
        self.spawn(async move {
            let attempt = lifecycle.activate(&checked, Asked::ByOperator { seen }).await;
            if matches!(attempt, Attempt::Failed(Again::Later(_)) | Attempt::NotMade) {
                checked.condition.look_again.notify_one();
            }
            // Nobody may be waiting any more.
            let _gone = tell.send(attempt);
        });
        match told.await {
            Ok(Attempt::Succeeded | Attempt::Failed(_)) => Ok(()),
            Ok(Attempt::NotMade) | Err(_) => Err(NotChecked),
        }
    }

    /// Ends what is in work and waits for its end.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.shutdown().await;
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "activating a connection panicked");
            }
        }
        tasks.spawn(work);
    }

    async fn keep_active(&self, connection: &Connection) {
        let mut attempt = self.activate(connection, Asked::ByItself).await;
        let (mut failed, mut refused) = (0, 0);
        while !connection.is_retired() {
            let mut before = connection.activations();
            match attempt {
                Attempt::Succeeded | Attempt::Failed(Again::No) => {
                    failed = 0;
                    let ended = self.invoker.services.clock.now();
                    connection.condition.look_again.notified().await;
                    if self.invoker.services.clock.now() > ended.after(limit::REFUSED_AGAIN_WITHIN) {
                        refused = 0;
                    }
                    before = connection.activations();
                    // What has refused the credentials a moment ago is not asked at once: many calls may fail together. Nor
                    // over and over: a provider may take them when it is activated, and refuse every call.
                    self.pause(connection, &mut refused, None).await;
                }
                Attempt::Failed(Again::Later(at_least)) => self.pause(connection, &mut failed, at_least).await,
                Attempt::NotMade => self.pause(connection, &mut failed, None).await,
            }
            let mended = connection.activations() != before && connection.health().status == HealthStatus::Healthy;
            attempt = match mended || connection.is_retired() {
                true => Attempt::Succeeded,
                false => self.activate(connection, Asked::ByItself).await,
            };
        }
    }

    /// Ends with the connection: one that was deleted or changed does not stay, with its secrets, for as long as its provider
    /// has asked to be left alone.
    async fn pause(&self, connection: &Connection, failed: &mut u32, at_least: Option<Duration>) {
        *failed = failed.saturating_add(1);
        let at_least = at_least.map(|wait| wait.min(limit::RETRY_AFTER_MAX));
        let wait = retry::ACTIVATION.wait(*failed, at_least, self.invoker.services.entropy.number());
        tokio::select! {
            () = self.sleep.sleep(wait) => {}
            () = connection.end() => {}
        }
    }

    async fn activate(&self, connection: &Connection, asked: Asked) -> Attempt {
        let Some(ready) = &connection.ready else { return Attempt::NotMade };
        let few = match asked {
            // This semaphore is never closed.
            Asked::ByItself => self.at_once.acquire().await.ok(),
            Asked::ByOperator { .. } => None,
        };
        let _alone = connection.condition.activating.lock().await;
        if let Asked::ByOperator { seen } = asked
            && connection.activations() != seen
        {
            // The one that ran meanwhile says it all.
            return Attempt::Succeeded;
        }
        let Ok(Ok(_share)) = timeout(ready.limits.deadline, ready.share.acquire()).await else {
            return Attempt::NotMade;
        };
        let result = self.invoker.until_durable(&self.errand(connection, ready, Occasion::Activation), &Activate).await;
        drop(few);
        let now = self.invoker.services.clock.now();
        let redactor = ready.outbound.vault().redactor();
        match result {
            Ok(Activated { setup }) => {
                connection.activated(setup, now);
                connection.tell_health(&self.invoker.services).await;
                self.tell_activated(connection);
                Attempt::Succeeded
            }
            Err(Failed::Plugin(error)) => {
                let setup = error.details.get("setup").cloned();
                let setup: Option<Vec<String>> = setup.and_then(|setup| serde_json::from_value(setup).ok());
                let setup = setup.map(|setup| Activated::bounded(&setup, &redactor).setup);
                connection.not_activated(&error, setup, now);
                connection.tell_health(&self.invoker.services).await;
                Attempt::Failed(match error.kind {
                    ErrorKind::Unavailable => Again::Later(error.retry_after),
                    ErrorKind::Invalid | ErrorKind::Unauthorized | ErrorKind::Failed => Again::No,
                })
            }
            Err(Failed::Host) => {
                tracing::warn!(connection = %connection.id, "the host could not activate the connection now");
                Attempt::NotMade
            }
        }
    }

    fn errand<'a>(&self, connection: &'a Connection, ready: &'a Ready, occasion: Occasion) -> Errand<'a> {
        let services = &self.invoker.services;
        let now = services.clock.now();
        let traceparent = traceparent::of(&[], &*services.entropy);
        Errand {
            connection,
            ready,
            occasion,
            cause: Cause::Call(InvocationId::new(now, &*services.entropy)),
            webhook: None,
            traceparent: Some(traceparent.clone()),
            hops: 0,
            received_at: now,
            attributes: vec![("received-at", now.to_string()), ("traceparent", traceparent)],
            attempt: 1,
            until: Instant::now() + ready.limits.deadline,
            is_news: true,
        }
    }
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifecycle").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the plugin activate the connection.
struct Activate;

/// Why a connection is not activated.
enum Failed {
    /// The plugin says so, or broke.
    Plugin(PluginError),
    /// The host could not do it; that says nothing about the connection.
    Host,
}

impl Undertaking for Activate {
    type Returned = Activated;
    type Done = Activated;
    type Failed = Failed;

    async fn call(&self, sandbox: &Sandbox, component: &Component, invocation: Invocation) -> Finished<Activated> {
        sandbox.activate(component, invocation).await
    }

    fn conclude(&self, outcome: Outcome<Activated>, _sent_unsafe: bool) -> Result<Activated, Failed> {
        Err(match outcome {
            Outcome::Returned(activated) => return Ok(activated),
            Outcome::Error(error) => Failed::Plugin(error),
            Outcome::Trap { .. } => broken("plugin-trap", "the plugin trapped while it activated the connection"),
            Outcome::Deadline(_) => broken("deadline", "the plugin did not activate the connection in time"),
            Outcome::Unavailable(_) | Outcome::Busy => Failed::Host,
        })
    }

    fn join(&self, _: &Activated, _: &mut Draft) {}
}

/// A trap or a deadline counts as a provider that cannot be reached, which is what mostly lies behind it.
fn broken(code: &str, message: &str) -> Failed {
    Failed::Plugin(PluginError::new(ErrorKind::Unavailable, code, message))
}

impl From<NotCommitted> for Failed {
    fn from(reason: NotCommitted) -> Self {
        match reason {
            NotCommitted::Refused(reason) => {
                Self::Plugin(PluginError::new(ErrorKind::Failed, "invalid-response", reason))
            }
            NotCommitted::Seen
            | NotCommitted::Moved
            | NotCommitted::Gone { .. }
            | NotCommitted::Conflict { .. }
            | NotCommitted::Overloaded { .. } => Self::Host,
            NotCommitted::Unavailable { error, .. } => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store is unavailable");
                Self::Host
            }
        }
    }
}
