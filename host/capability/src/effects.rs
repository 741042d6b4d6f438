//! What one invocation wants to make true.

use std::sync::Arc;

use hookyard_domain::clock::{Clock, Timestamp};
use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::plugin::PluginVersion;
use hookyard_domain::redaction::Redactor;
use hookyard_store::Ledger;

use crate::budget::Budget;
use crate::event_rules::EventRules;
use crate::http_request::{Requests, Unsent};
use crate::kv_store::Overlay;
use crate::log::{Log, SharedLog};
use crate::outbound::Outbound;
use crate::secrets::Derivations;
use crate::timers::Wishes;

/// Whom an invocation is for. Set by the host; a guest never names any of it.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Whose keys and events these are.
    pub connection: ConnectionId,
    /// Which of the connection's lives this is.
    pub incarnation: Incarnation,
    /// The key of that life: for the marks of dedupe keys, and for placeholders.
    pub hash_key: HashKey,
    /// The plugin that is called.
    pub plugin: PluginVersion,
    /// The webhook that is being handled, if that is the cause.
    pub webhook: Option<WebhookId>,
    /// W3C trace context of the cause.
    pub traceparent: Option<String>,
    /// How many actions run by deliveries lie between these events and the outside.
    pub hops: u8,
    /// When the cause was received: the time of events that state none.
    pub received_at: Timestamp,
    /// Whether the plugin exports `timer-handler`: without it, no timer is started.
    pub has_timer_handler: bool,
    /// The name of the timer whose firing this is: it is gone with the commit.
    pub firing: Option<String>,
    /// Which events the plugin's manifest declares.
    pub event_rules: Arc<EventRules>,
    /// What the connection may send, and its secrets.
    pub outbound: Arc<Outbound>,
}

/// What the capabilities work with.
#[derive(Clone)]
pub struct Services {
    /// Where committed keys are read. Nothing is written here.
    pub ledger: Arc<dyn Ledger>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids and random bytes come from.
    pub entropy: Arc<dyn Entropy>,
}

/// Collects the effects of one invocation and serves its reads. One method a call of the contract, in the file of its
/// capability. `Ok(Err(refusal))` is an answer for the guest; `Err(failure)` ends the invocation.
pub struct Effects {
    pub(crate) scope: Scope,
    pub(crate) services: Services,
    pub(crate) budget: Budget,
    pub(crate) events: Vec<Write>,
    pub(crate) kv: Overlay,
    pub(crate) timers: Wishes,
    pub(crate) log: SharedLog,
    pub(crate) derived: Arc<Derivations>,
    pub(crate) requests: Arc<Requests>,
}

impl Effects {
    /// No effects yet.
    pub fn new(scope: Scope, services: Services) -> Self {
        Self::with(scope, services, Requests::new)
    }

    /// No effects yet, of an invocation that sends nothing and whose effects nobody will commit.
    pub fn of_dry_run(scope: Scope, services: Services) -> Self {
        Self::with(scope, services, Requests::of_dry_run)
    }

    fn with(
        scope: Scope,
        services: Services,
        requests: fn(Arc<Outbound>, Arc<Derivations>, SharedLog) -> Requests,
    ) -> Self {
        let kv = Overlay::new(services.entropy.as_ref());
        let log = SharedLog::of(Arc::clone(scope.outbound.vault()));
        let derived = Arc::new(Derivations::default());
        let requests = requests(Arc::clone(&scope.outbound), Arc::clone(&derived), log.clone());
        let (budget, events, requests) = (Budget::default(), Vec::new(), Arc::new(requests));
        Self { scope, services, budget, events, kv, timers: Wishes::default(), log, derived, requests }
    }

    /// Whom this is for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What the guest logs, shared with whoever else writes to it (stdout, stderr).
    pub fn log(&self) -> &SharedLog {
        &self.log
    }

    /// Finds and replaces the connection's secrets in texts, with the tokens that its requests were sent with by now.
    pub fn redactor(&self) -> Arc<Redactor> {
        self.scope.outbound.vault().redactor()
    }

    /// Everything collected, for one commit: events in the order of their calls, and at most one write for each key and timer.
    pub fn into_draft(self) -> Draft {
        let events = self.events.len();
        let (guards, keys) = self.kv.into_parts();
        let writes = self.events.into_iter().chain(keys).chain(self.timers.into_writes()).collect();
        let (sent_unsafe, provider_accepted) = (self.requests.sent_unsafe(), self.requests.accepted());
        let unsent = self.requests.take_unsent();
        Draft { guards, writes, log: self.log.take(), events, sent_unsafe, provider_accepted, unsent }
    }
}

impl std::fmt::Debug for Effects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Effects")
            .field("connection", &self.scope.connection)
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}

/// What an invocation wants, ready to be joined with the host's own guards and writes (its mark) into a commit.
#[derive(Debug)]
pub struct Draft {
    /// What must still be true.
    pub guards: Vec<Guard>,
    /// What becomes true.
    pub writes: Vec<Write>,
    /// What the guest logged. Kept whatever becomes of the rest.
    pub log: Log,
    /// How many of the writes are events.
    pub events: usize,
    /// Whether a request other than GET, HEAD and OPTIONS was handed to the network: then the invocation must not run again
    /// by itself.
    pub sent_unsafe: bool,
    /// Whether a provider has answered one of its requests with a status below 400.
    pub provider_accepted: bool,
    /// What a dry run would have sent; empty in every other run.
    pub unsent: Unsent,
}
