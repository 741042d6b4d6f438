//! The way of an action: check what is asked, take its places, look at its key, call the plugin, one commit, answer.
//!
//! A 200 means that the effects are durable. With an `Idempotency-Key` the start is durable before the plugin is called, and
//! the answer is stored in the same commit as the effects: repeated with the key, an action that is not idempotent never runs
//! a second time.

mod answer;
mod call;
mod ended;
mod failure;
mod in_flight;
mod input;
mod keyed;
mod refusal;
mod run_action;

use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::delivery::AttemptOutcome;
use hookyard_domain::id::InvocationId;
use hookyard_domain::invocation::Cause;
use hookyard_domain::limit;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use crate::action_rules::ActionRule;
use crate::agenda::{Agenda, Item, Turn};
use crate::connections::{Connection, Ready};
use crate::http::problem::Problem;
use crate::in_work::InWork;
use crate::invocations::Occasion;
use crate::invoker::{Errand, Invoker};
use crate::places::Places;
pub(crate) use answer::Answer;
pub(crate) use call::{ActionCall, Caller};
use ended::Ended;
pub(crate) use ended::missing;
use failure::Failure;
use in_flight::InFlight;
use keyed::{Admission, Keyed};
use refusal::Refusal;
use run_action::RunAction;

/// Runs the actions of connections.
pub struct Actions {
    invoker: Arc<Invoker>,
    in_work: Arc<InWork>,
    agenda: Agenda,
    places: Arc<Places>,
    in_flight: InFlight,
}

/// A call that has been found right.
struct Task {
    connection: Arc<Connection>,
    call: ActionCall,
    /// The input under the names of the schema.
    input: String,
    /// For waiting to be run, and for the run: each.
    timeout: Duration,
    idempotent: bool,
}

impl Actions {
    /// No actions in work. `agenda` has the lines before order keys, in which webhooks and actions stand.
    pub(crate) fn new(invoker: Arc<Invoker>, agenda: Agenda, places: Arc<Places>, in_work: Arc<InWork>) -> Self {
        Self { invoker, in_work, agenda, places, in_flight: InFlight::default() }
    }

    /// Runs an action and says what the client is answered.
    ///
    /// The work goes on when the caller stops waiting: a client that hangs up does not undo what was begun.
    ///
    /// # Errors
    /// What was refused before the action ran.
    pub(crate) async fn run(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        call: ActionCall,
    ) -> Result<Answer, Problem> {
        Ok(self.run_to_its_end(connection, call).await?.answer())
    }

    /// The same for a delivery.
    ///
    /// What it has begun is known by its key for [`DELIVERY_KEY_RETENTION`](limit::DELIVERY_KEY_RETENTION): an action that is not
    /// idempotent runs once under one key, unless it is clear that it has done nothing.
    pub(crate) async fn deliver(self: &Arc<Self>, connection: &Arc<Connection>, call: ActionCall) -> AttemptOutcome {
        let outcome = match self.run_to_its_end(connection, call).await {
            Ok(ended) => ended.outcome(),
            Err(refusal) => refusal.outcome(),
        };
        match outcome {
            // Nothing would ever activate it, so that waiting for that would be waiting for ever.
            AttemptOutcome::Unauthorized(reason) if !connection.has_lifecycle() => {
                AttemptOutcome::Failed { status: None, reason, retry_after: None }
            }
            outcome => outcome,
        }
    }

    async fn run_to_its_end(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        call: ActionCall,
    ) -> Result<Ended, Refusal> {
        let began = Instant::now();
        let (task, keyed, turn) = self.begin(connection, call).inspect_err(|refusal| {
            self.tell(connection, refusal.problem().status().as_u16(), false, began);
        })?;
        let (actions, idempotent) = (Arc::clone(self), task.idempotent);
        let work = async move {
            let ended = actions.work(&task, keyed, turn).await;
            let (status, replayed) = match &ended {
                Ok(Ended::Output(_)) => (200, false),
                Ok(Ended::Replayed(stored)) => (stored.status, true),
                Ok(Ended::Failed { failure, .. }) => (failure.problem().status().as_u16(), false),
                Err(refusal) => (refusal.problem().status().as_u16(), false),
            };
            actions.tell(&task.connection, status, replayed, began);
            ended
        };
        self.in_work.spawn(work.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "running an action panicked");
            let failure = Failure::Host { code: "unavailable", sent_unsafe: true }.weighed(idempotent);
            Ok(Ended::Failed { failure, idempotent })
        })
    }

    /// Checks what is asked and takes its places, in order of receipt, before anything waits.
    fn begin(
        &self,
        connection: &Arc<Connection>,
        call: ActionCall,
    ) -> Result<(Task, Option<Keyed>, Option<Turn>), Refusal> {
        let (ready, rule) = find(connection, &call.name)?;
        let input = input::read(rule, &call.input).map_err(Refusal::Input)?;
        let keyed = match call.caller.idempotency_key() {
            Some(key) => Some(Keyed::begin(self, connection, rule, &call, key)?),
            None => None,
        };
        let place = self.places.next(self.invoker.services.clock.now());
        let turn = match rule.declaration.order_key(&input).map(|key| self.agenda.enter(&connection.id, &key, place)) {
            Some(None) => return Err(order_key_busy(None)),
            turn => turn.flatten(),
        };
        let (timeout, idempotent) = (timeout(ready, rule), rule.declaration.idempotent);
        Ok((Task { connection: Arc::clone(connection), call, input, timeout, idempotent }, keyed, turn))
    }

    /// Counts and logs an answer, whether or not the client is still there.
    fn tell(&self, connection: &Connection, status: u16, replayed: bool, began: Instant) {
        let took = began.elapsed();
        self.invoker.metrics.action(connection.id.as_str(), status, took);
        tracing::info!(status, replayed, micros = took.as_micros(), "action answered");
    }

    async fn work(&self, task: &Task, mut keyed: Option<Keyed>, mut turn: Option<Turn>) -> Result<Ended, Refusal> {
        let (ready, rule) = find(&task.connection, &task.call.name)?;
        let mut attempt = 1;
        if let Some(keyed) = &keyed {
            match keyed.admit(&self.invoker).await? {
                Admission::Replay(answer) => return Ok(Ended::Replayed(answer)),
                Admission::Run { attempt: next } => attempt = next,
            }
        }
        // Waiting has its own time, so that what is begun has all of its own.
        let until = Instant::now() + task.timeout;
        if let Some(turn) = &mut turn
            && timeout_at(until, turn.come()).await.is_err()
        {
            return Err(order_key_busy(turn.in_the_way().as_ref()));
        }
        let Some(_share) = room(ready, &task.call.caller, until).await else { return Err(busy()) };
        if let Some(keyed) = &mut keyed {
            keyed.start(&self.invoker, &task.connection, attempt).await?;
        }
        let result = self.call(task, ready, rule, keyed.as_ref(), attempt).await;
        match result {
            Ok(output) => Ok(Ended::Output(output)),
            Err(failure) => {
                let idempotent = rule.declaration.idempotent;
                let failure = failure.weighed(idempotent);
                if let Some(keyed) = &keyed {
                    keyed.settle(&self.invoker, &task.connection, &failure).await;
                }
                Ok(Ended::Failed { failure, idempotent })
            }
        }
    }

    async fn call(
        &self,
        task: &Task,
        ready: &Ready,
        rule: &ActionRule,
        keyed: Option<&Keyed>,
        attempt: u32,
    ) -> Result<String, Failure> {
        let services = &self.invoker.services;
        let now = services.clock.now();
        let Task { connection, call, .. } = task;
        let cause = match call.caller.idempotency_key() {
            Some(key) => Cause::ActionKey { action: call.name.clone(), key: key.to_owned() },
            None => Cause::Call(InvocationId::new(now, &*services.entropy)),
        };
        let attributes = vec![("received-at", now.to_string()), ("traceparent", call.traceparent.clone())];
        let errand = Errand {
            connection,
            ready,
            occasion: Occasion::Action(call.name.clone()),
            cause,
            webhook: None,
            traceparent: Some(call.traceparent.clone()),
            hops: call.caller.hops(),
            received_at: now,
            attributes,
            attempt,
            until: Instant::now() + task.timeout,
            is_news: call.caller.is_news(),
        };
        let undertaking = RunAction { name: &call.name, input: &task.input, rule, keyed };
        self.invoker.until_durable(&errand, &undertaking).await
    }
}

/// Room among the connection's invocations; a delivery takes it out of what deliveries may take. `None`: there was none until then.
async fn room<'r>(ready: &'r Ready, caller: &Caller, until: Instant) -> Option<Vec<SemaphorePermit<'r>>> {
    let of_deliveries = caller.is_delivery().then_some(&ready.for_deliveries);
    let mut taken = Vec::with_capacity(2);
    for room in of_deliveries.into_iter().chain([&ready.share]) {
        // Neither is ever closed.
        taken.push(timeout_at(until, room.acquire()).await.ok()?.ok()?);
    }
    Some(taken)
}

/// How long one run may take: the action's `timeout_ms`, or the deadline of every invocation of the plugin.
fn timeout(ready: &Ready, rule: &ActionRule) -> Duration {
    let own = rule.declaration.timeout_ms.map(Duration::from_millis);
    own.unwrap_or(ready.limits.deadline).min(limit::DEADLINE_MAX)
}

fn find<'c>(connection: &'c Connection, name: &str) -> Result<(&'c Ready, &'c ActionRule), Refusal> {
    let ready = connection.ready.as_ref().ok_or_else(|| Refusal::Unready(Problem::not_ready(connection)))?;
    let actions = &ready.plugin.actions;
    let rule = actions.get(name).ok_or_else(|| {
        let known: Vec<_> = actions.names().collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let detail = format!("plugin {} has no action {name:?} (it has: {known})", connection.plugin_name);
        Refusal::NoAction(Problem::not_found(detail))
    })?;
    Ok((ready, rule))
}

/// Nothing was begun.
fn busy() -> Refusal {
    let problem = Problem::unavailable("overloaded", "the connection has too much in work");
    Refusal::Later(problem.retry_after(limit::TRY_AGAIN_AFTER))
}

/// Nothing was begun: others stand before it in the line of its order key.
fn order_key_busy(in_the_way: Option<&Item>) -> Refusal {
    let detail = match in_the_way {
        Some(Item::Webhook { id, .. }) => {
            format!("the webhook {id} has the same order key and is not handled yet; it can be replayed or skipped")
        }
        Some(Item::Timer { .. }) | None => "earlier webhooks or actions with the same order key are in work".to_owned(),
    };
    Refusal::Later(Problem::unavailable("order-key-busy", detail).retry_after(limit::TRY_AGAIN_AFTER))
}
