//! Fires a timer that is due, once in effect.

use hookyard_capability::Draft;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::inbox::{Next, Verdict, verdict};
use hookyard_domain::invocation::{Cause, PluginError};
use hookyard_domain::limit;
use hookyard_domain::timer::Timer;
use hookyard_sandbox::{Component, Finished, Invocation, Outcome, Sandbox};
use hookyard_store::CommitError;
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::Timers;
use crate::agenda::Ended;
use crate::connections::{Connection, Ready};
use crate::host_event;
use crate::invocations::Occasion;
use crate::invoker::{Errand, Undertaking};
use crate::telemetry::traceparent;
use crate::unsuccessful::Unsuccessful;

impl Timers {
    /// Fires a timer that the agenda says is due, and says how the agenda goes on with it. Whatever came of it is durable then.
    pub(crate) async fn fire(&self, id: &ConnectionId, name: &str) -> Ended {
        let Some(connection) = self.connections.get(id) else { return Ended::Paused };
        let Some(ready) = &connection.ready else { return Ended::Paused };
        let timer = match self.store.timer(id, name).await {
            Ok(Some(timer)) => timer,
            Ok(None) => return Ended::Done,
            Err(error) => {
                tracing::error!(connection = %id, timer = name, error = &error as &dyn std::error::Error, "reading a timer");
                return self.later();
            }
        };
        match timer.standing.next {
            None => return Ended::Done,
            Some(Next::At(at)) if at > self.now() => return Ended::Again(Next::At(at)),
            // The agenda knows when the connection was activated.
            Some(Next::At(_) | Next::Activation) => {}
        }
        if timer.standing.next == Some(Next::Activation) && connection.is_refused_again() {
            return Ended::Refused;
        }
        // Not for long: what waits here keeps others from running. This semaphore is never closed.
        let Ok(Ok(_share)) = timeout(limit::SLOT_WAIT_MAX, ready.share.acquire()).await else { return self.later() };
        let (outcome, ended) = match self.run(&connection, ready, &timer).await {
            Ok(()) => ("fired", Ended::Done),
            // It was started anew, changed or cancelled meanwhile, or went with its connection: what was run counts no more.
            Err(Unsuccessful::Seen | Unsuccessful::Moved | Unsuccessful::Gone) => ("overtaken", Ended::Done),
            Err(Unsuccessful::NotNow { .. }) => ("put-off", self.later()),
            Err(Unsuccessful::Failed(error)) => self.settle(&connection, &timer, &error).await,
        };
        self.invoker.metrics.timer_run(id.as_str(), outcome);
        ended
    }

    async fn run(&self, connection: &Connection, ready: &Ready, timer: &Timer) -> Result<(), Unsuccessful> {
        if !ready.plugin.component.exports().timer_handler {
            let plugin = ready.plugin.manifest.plugin();
            let message = format!("{plugin} does not export timer-handler");
            return Err(Unsuccessful::unavailable("no-timer-handler", message));
        }
        let services = &self.invoker.services;
        let (now, traceparent) = (services.clock.now(), traceparent::of(&[], &*services.entropy));
        let errand = Errand {
            connection,
            ready,
            occasion: Occasion::Timer(timer.name.clone()),
            cause: Cause::Timer { name: timer.name.clone(), generation: timer.generation },
            webhook: None,
            traceparent: Some(traceparent.clone()),
            hops: 0,
            received_at: now,
            attributes: vec![("received-at", now.to_string()), ("traceparent", traceparent)],
            attempt: timer.standing.attempts.saturating_add(1),
            until: Instant::now() + ready.limits.deadline,
            is_news: timer.standing.error.is_none(),
        };
        self.invoker.until_durable(&errand, &Fire { timer }).await
    }

    /// Writes down that a run has failed, and what is done about it. Also says how it ended in the word that metrics use.
    async fn settle(&self, connection: &Connection, timer: &Timer, error: &PluginError) -> (&'static str, Ended) {
        let (now, attempts) = (self.now(), timer.standing.attempts.saturating_add(1));
        let verdict = verdict(error, attempts, connection.has_lifecycle(), now, self.invoker.services.entropy.number());
        let standing = Box::new(timer.standing.after_failure(error, verdict));
        let mut writes = vec![Write::SettleTimer { name: timer.name.clone(), standing }];
        if verdict == Verdict::GiveUp {
            tracing::warn!(connection = %connection.id, timer = timer.name, code = ?error.code, attempts, "timer failed");
            writes.push(self.failed_event(timer, error, attempts, now));
        }
        match self.invoker.commit_writes(connection, vec![at(timer)], writes).await {
            Ok(()) => {}
            Err(CommitError::Moved | CommitError::Gone) => return ("overtaken", Ended::Done),
            Err(error) => {
                tracing::error!(connection = %connection.id, timer = timer.name, error = &error as &dyn std::error::Error, "a timer that failed could not be settled");
                return ("put-off", self.later());
            }
        }
        match verdict {
            Verdict::GiveUp => ("failed", Ended::Done),
            Verdict::Again(next) => ("again", Ended::Again(next)),
        }
    }

    fn failed_event(&self, timer: &Timer, error: &PluginError, attempts: u32, now: Timestamp) -> Write {
        let data = json!({
            "timer": timer.name,
            "connection": timer.connection,
            "code": error.code,
            "message": error.message,
            "attempts": attempts,
        });
        host_event::append("timer.failed", timer.connection.to_string(), &data, now, &*self.invoker.services.entropy)
    }

    fn later(&self) -> Ended {
        Ended::Later(self.now().after(limit::TRY_AGAIN_AFTER))
    }

    fn now(&self) -> Timestamp {
        self.invoker.services.clock.now()
    }
}

/// That the timer is still the one that was read.
fn at(timer: &Timer) -> Guard {
    Guard::TimerAt { name: timer.name.clone(), generation: timer.generation, version: timer.version }
}

/// Has the plugin do what it has started a timer for.
struct Fire<'a> {
    timer: &'a Timer,
}

impl Undertaking for Fire<'_> {
    type Returned = ();
    type Done = ();
    type Failed = Unsuccessful;

    async fn call(&self, sandbox: &Sandbox, component: &Component, invocation: Invocation) -> Finished<()> {
        sandbox.fire_timer(component, invocation, self.timer.name.clone(), self.timer.payload.clone()).await
    }

    fn conclude(&self, outcome: Outcome<()>, _sent_unsafe: bool) -> Result<(), Unsuccessful> {
        Unsuccessful::returned(outcome)
    }

    /// The timer is gone with the commit, unless the plugin has started it again: that write comes later.
    fn join(&self, (): &(), draft: &mut Draft) {
        draft.guards.push(at(self.timer));
        draft.writes.insert(0, Write::CancelTimer { name: self.timer.name.clone() });
    }
}
