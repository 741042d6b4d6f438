//! Calls plugins until what they want is durable: the part that webhooks, actions and activations share.

use std::collections::BTreeSet;
use std::sync::Arc;

use hookyard_capability::{Draft, Effects, Scope, Services};
use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Commit, Guard, Write};
use hookyard_domain::id::{InvocationId, WebhookId};
use hookyard_domain::invocation::{Cause, ErrorKind, IdempotencyKeys, InvocationLimits};
use hookyard_domain::limit;
use hookyard_sandbox::{Component, Finished, Invocation, Outcome, Sandbox};
use hookyard_store::{CommitError, StoreError};
use tokio::time::Instant;

use crate::connections::{Connection, Ready};
use crate::invocations::{Invocations, Occasion, Record, Subject, word};
use crate::telemetry::metrics::Metrics;
use crate::timers::Schedule;
use crate::trials::{Trials, told};

/// What it takes to call a plugin and to commit what comes of it.
pub struct Invoker {
    pub(crate) services: Services,
    sandbox: Arc<Sandbox>,
    invocations: Arc<Invocations>,
    pub(crate) metrics: Arc<Metrics>,
    trials: Arc<Trials>,
    timers: Arc<Schedule>,
}

/// One thing that a plugin is called for: which function, what its outcome means, and what the host adds to its commit.
pub(crate) trait Undertaking: Sync {
    /// What the plugin returns.
    type Returned: Send;
    /// What it comes to once everything is durable.
    type Done: Send;
    /// What it comes to when nothing of it is kept.
    type Failed: From<NotCommitted> + Send;

    /// Calls the plugin.
    fn call(
        &self,
        sandbox: &Sandbox,
        component: &Component,
        invocation: Invocation,
    ) -> impl Future<Output = Finished<Self::Returned>> + Send;

    /// Whether the effects are to be committed. `sent_unsafe`: the plugin has sent a request that may have changed
    /// something at the provider.
    fn conclude(&self, outcome: Outcome<Self::Returned>, sent_unsafe: bool) -> Result<Self::Done, Self::Failed>;

    /// Whether it failed because what the plugin returned cannot be used. Asked where the plugin has not failed by itself.
    fn unusable(_failed: &Self::Failed) -> bool {
        false
    }

    /// Adds the host's own guards and writes to those of the plugin.
    fn join(&self, done: &Self::Done, draft: &mut Draft);
}

/// For whom and why a plugin is called.
pub(crate) struct Errand<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) ready: &'a Ready,
    pub(crate) occasion: Occasion,
    /// What stays the same when the call is repeated.
    pub(crate) cause: Cause,
    pub(crate) webhook: Option<WebhookId>,
    pub(crate) traceparent: Option<String>,
    /// How many actions run by deliveries lie between the outside and what it emits.
    pub(crate) hops: u8,
    pub(crate) received_at: Timestamp,
    /// What `invocation.attribute` answers.
    pub(crate) attributes: Vec<(&'static str, String)>,
    /// The number of the first run.
    pub(crate) attempt: u32,
    /// Every run and the commit lie before.
    pub(crate) until: Instant,
    /// Whether how it ends says something about the plugin's version. What is run again because it has failed says it no second time:
    /// a poisoned webhook would make a newer version fail, and one that succeeds in the end would make up for a failure.
    pub(crate) is_news: bool,
}

/// Why something was not committed although the plugin succeeded.
#[derive(Debug)]
pub(crate) enum NotCommitted {
    /// Its mark is there already.
    Seen,
    /// Others changed the same keys in every run.
    Conflict {
        /// The last run sent a request that may have changed something at the provider, so it was not repeated.
        sent_unsafe: bool,
    },
    /// The webhook or timer that it is about has been changed meanwhile: somebody else has decided what becomes of it.
    Moved,
    /// The connection was deleted meanwhile.
    Gone {
        /// Whether the last run sent a request that may have changed something at the provider.
        sent_unsafe: bool,
    },
    /// Too much waits for the store.
    Overloaded {
        /// As above.
        sent_unsafe: bool,
    },
    /// The store cannot write.
    Unavailable {
        /// Why.
        error: StoreError,
        /// As above.
        sent_unsafe: bool,
    },
    /// It can never be committed: a sentence that says why.
    Refused(String),
}

impl Invoker {
    /// An invoker that has called nothing yet.
    pub fn new(
        services: Services,
        sandbox: Arc<Sandbox>,
        invocations: Arc<Invocations>,
        metrics: Arc<Metrics>,
        trials: Arc<Trials>,
        timers: Arc<Schedule>,
    ) -> Self {
        Self { services, sandbox, invocations, metrics, trials, timers }
    }

    /// Calls the plugin until its effects are durable, or until it is clear that they will not be: once, and again from the
    /// start when others have changed the keys that it read, unless it has sent something that must not be sent twice.
    pub(crate) async fn until_durable<U: Undertaking>(
        &self,
        errand: &Errand<'_>,
        undertaking: &U,
    ) -> Result<U::Done, U::Failed> {
        for run in 0..=limit::CONFLICT_RETRIES_MAX {
            if run > 0 {
                self.step_aside(run, errand.until).await;
            }
            let (invocation, began) = (self.invocation(errand, run, Effects::new), self.services.clock.now());
            let id = invocation.id;
            let finished = undertaking.call(&self.sandbox, &errand.ready.plugin.component, invocation).await;
            let (outcome, mut draft) = self.write_down(errand, id, finished);
            if let Outcome::Error(error) = &outcome
                && error.kind == ErrorKind::Unauthorized
            {
                errand.connection.refused(error, self.services.clock.now());
                errand.connection.tell_health(&self.services).await;
            }
            let (sent_unsafe, provider_accepted) = (draft.sent_unsafe, draft.provider_accepted);
            let told = told(&outcome);
            let concluded = undertaking.conclude(outcome, sent_unsafe);
            if let Some(failed) = told.filter(|_| errand.is_news) {
                let failed = failed || concluded.as_ref().is_err_and(U::unusable);
                let plugin = &errand.ready.plugin;
                self.trials.record(&plugin.manifest.name, plugin.component.hash(), failed);
            }
            let done = concluded?;
            undertaking.join(&done, &mut draft);
            let not_committed = match self.commit(errand, draft).await {
                Ok(()) => {
                    let recovered =
                        errand.connection.call_succeeded(provider_accepted, began, self.services.clock.now());
                    if recovered || errand.connection.has_untold_health() {
                        errand.connection.tell_health(&self.services).await;
                    }
                    return Ok(done);
                }
                Err(CommitError::KeyMoved { key }) if !sent_unsafe => {
                    tracing::debug!(connection = %errand.connection.id, key, run, "commit conflicted");
                    continue;
                }
                Err(CommitError::KeyMoved { .. }) => NotCommitted::Conflict { sent_unsafe },
                Err(CommitError::MarkPresent) => NotCommitted::Seen,
                Err(CommitError::Gone) => NotCommitted::Gone { sent_unsafe },
                Err(CommitError::Overloaded) => NotCommitted::Overloaded { sent_unsafe },
                Err(CommitError::Unavailable(error)) => NotCommitted::Unavailable { error, sent_unsafe },
                Err(CommitError::Moved | CommitError::KeptAlready) => NotCommitted::Moved,
                Err(CommitError::InboxFull) => NotCommitted::Overloaded { sent_unsafe },
                Err(
                    error @ (CommitError::NotANumber { .. }
                    | CommitError::TooLarge { .. }
                    | CommitError::TooManyTimers { .. }),
                ) => NotCommitted::Refused(error.to_string()),
            };
            return Err(not_committed.into());
        }
        Err(NotCommitted::Conflict { sent_unsafe: false }.into())
    }

    /// Calls the plugin once and keeps nothing of it: nothing is committed, sent, or said of the connection's health or the
    /// version's trial. Returns what came of it and what it wanted.
    pub(crate) async fn dry_run<U: Undertaking>(
        &self,
        errand: &Errand<'_>,
        undertaking: &U,
    ) -> (Outcome<U::Returned>, Draft) {
        let invocation = self.invocation(errand, 0, Effects::of_dry_run);
        let id = invocation.id;
        let finished = undertaking.call(&self.sandbox, &errand.ready.plugin.component, invocation).await;
        self.write_down(errand, id, finished)
    }

    /// Waits for a random while before a run is repeated, so that runs which have met do not meet again.
    async fn step_aside(&self, run: u32, until: Instant) {
        let part = f64::from(self.services.entropy.number()) / f64::from(u32::MAX);
        let longest = limit::CONFLICT_WAIT_MAX * 2_u32.saturating_pow(run.saturating_sub(1));
        let left = until.saturating_duration_since(Instant::now());
        tokio::time::sleep(longest.mul_f64(part).min(left)).await;
    }

    fn invocation(&self, errand: &Errand<'_>, run: u32, effects: fn(Scope, Services) -> Effects) -> Invocation {
        let Errand { connection, ready, .. } = errand;
        let scope = Scope {
            connection: connection.id.clone(),
            incarnation: connection.incarnation,
            hash_key: connection.hash_key.clone(),
            plugin: ready.plugin.manifest.plugin(),
            webhook: errand.webhook,
            traceparent: errand.traceparent.clone(),
            hops: errand.hops,
            received_at: errand.received_at,
            has_timer_handler: ready.plugin.component.exports().timer_handler,
            firing: match &errand.cause {
                Cause::Timer { name, .. } => Some(name.clone()),
                _ => None,
            },
            event_rules: ready.plugin.event_rules.clone(),
            outbound: Arc::clone(&ready.outbound),
        };
        let cause = errand.cause.clone();
        let left = errand.until.saturating_duration_since(Instant::now());
        Invocation {
            id: InvocationId::new(self.services.clock.now(), &*self.services.entropy),
            attempt: errand.attempt.saturating_add(run),
            config: ready.guest_config.clone(),
            webhook_url: connection.webhook_url.clone(),
            idempotency: IdempotencyKeys::new(connection.hash_key.clone(), connection.id.clone(), cause),
            attributes: errand.attributes.clone(),
            limits: InvocationLimits { deadline: left, ..ready.limits },
            effects: effects(scope, self.services.clone()),
        }
    }

    /// Keeps how the invocation went, for the operator, and splits it into its outcome and what it wants.
    fn write_down<T>(&self, errand: &Errand<'_>, id: InvocationId, finished: Finished<T>) -> (Outcome<T>, Draft) {
        let Finished { outcome, effects, usage } = finished;
        let draft = effects.into_draft();
        let (connection, plugin) = (errand.connection, errand.ready.plugin.manifest.plugin());
        self.metrics.invocation(plugin.name.as_str(), word(&outcome), usage.cpu);
        let subject = Subject { id, connection: connection.id.clone(), plugin, occasion: errand.occasion.clone() };
        let now = self.services.clock.now();
        self.invocations.keep(Record::new(subject, now, &outcome, usage, &draft.log));
        (outcome, draft)
    }

    /// Commits what an invocation wants. Where it has sent what is not to be sent twice, a store that cannot take it now is asked
    /// again, as long as there is time: otherwise the run would be repeated, and the request with it.
    async fn commit(&self, errand: &Errand<'_>, draft: Draft) -> Result<(), CommitError> {
        let Draft { guards, writes, sent_unsafe, .. } = draft;
        if guards.is_empty() && writes.is_empty() {
            return Ok(());
        }
        if !sent_unsafe {
            return self.commit_writes(errand.connection, guards, writes).await;
        }
        for again in 1..=limit::COMMITS_AGAIN_MAX {
            match self.commit_writes(errand.connection, guards.clone(), writes.clone()).await {
                Err(error) if may_pass(&error, &guards) && Instant::now() < errand.until => {}
                outcome => return outcome,
            }
            self.step_aside(again, errand.until).await;
        }
        self.commit_writes(errand.connection, guards, writes).await
    }

    /// Commits what the host itself has to write. Timers that are started or cancelled with it are on the agenda on return.
    pub(crate) async fn commit_writes(
        &self,
        connection: &Connection,
        guards: Vec<Guard>,
        writes: Vec<Write>,
    ) -> Result<(), CommitError> {
        let timers: BTreeSet<String> = writes.iter().filter_map(touched_timer).map(str::to_owned).collect();
        let commit = Commit { owner: connection.owner(), at: self.services.clock.now(), guards, writes };
        let began = Instant::now();
        let committed = self.services.ledger.commit(commit).await?;
        self.metrics.commit(began.elapsed());
        self.metrics.events(connection.id.as_str(), committed.events.iter().flatten().count());
        self.timers.follow(&connection.id, timers.iter().map(String::as_str)).await;
        Ok(())
    }
}

/// Whether the same commit may succeed a moment later. One of which it is not known whether it will be there after a crash is
/// repeated only where a guard sees to it that it counts once.
fn may_pass(error: &CommitError, guards: &[Guard]) -> bool {
    let once = |guard: &Guard| matches!(guard, Guard::MarkAbsent(_) | Guard::WebhookAt { .. } | Guard::TimerAt { .. });
    match error {
        CommitError::Overloaded => true,
        CommitError::Unavailable(StoreError::Closed) => false,
        CommitError::Unavailable(_) => guards.iter().any(once),
        _ => false,
    }
}

/// The timer that a write starts or ends.
fn touched_timer(write: &Write) -> Option<&str> {
    match write {
        Write::StartTimer { name, .. } | Write::CancelTimer { name } => Some(name),
        _ => None,
    }
}
