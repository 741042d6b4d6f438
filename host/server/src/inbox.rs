//! The inbox: webhooks that were accepted and are not, or not successfully, handled yet.
//!
//! The store has them; the [`Agenda`] knows when each of them runs, and in which order. Whatever changes one first commits that,
//! under the version that it has seen, and then tells the agenda: of two who decide about the same webhook, one wins.

mod change;
mod dry_run;
mod keep;
mod replay;
mod restore;
mod run;
mod skip;

use std::fmt;
use std::sync::Arc;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::inbox::{InboxEntry, Place, Standing, WebhookState};
use hookyard_domain::invocation::PluginError;
use hookyard_domain::webhook::KeptWebhook;
use hookyard_store::Store;
use serde_json::json;
use tokio::sync::{Mutex, RwLock};

pub(crate) use change::ChangeError;
pub(crate) use dry_run::{DryRun, DryRunError, DryRuns};

use crate::agenda::Agenda;
use crate::connections::Connections;
use crate::host_event::host_event;
use crate::invoker::Invoker;
use crate::places::Places;

/// Keeps webhooks, runs them, and changes how they stand.
pub struct Inbox {
    invoker: Arc<Invoker>,
    store: Arc<dyn Store>,
    connections: Arc<Connections>,
    agenda: Agenda,
    places: Arc<Places>,
    keeps_all: bool,
    /// Shared by all who decide about a webhook; one who has been overtaken holds it alone.
    deciding: RwLock<()>,
    /// Held while the agenda is told what somebody has decided.
    telling: Mutex<()>,
}

/// What an inbox works with.
pub struct Parts {
    /// Calls plugins and commits.
    pub(crate) invoker: Arc<Invoker>,
    /// Where the webhooks are.
    pub(crate) store: Arc<dyn Store>,
    /// Whose they are.
    pub(crate) connections: Arc<Connections>,
    /// What runs when.
    pub(crate) agenda: Agenda,
    /// Gives places in the order of receipt.
    pub(crate) places: Arc<Places>,
    /// Whether webhooks that are handled at once are kept too, for replay.
    pub(crate) keeps_all: bool,
}

impl Inbox {
    /// An inbox of which nothing runs before [`Inbox::restore`].
    pub fn new(parts: Parts) -> Self {
        let Parts { invoker, store, connections, agenda, places, keeps_all } = parts;
        let (deciding, telling) = (RwLock::default(), Mutex::default());
        Self { invoker, store, connections, agenda, places, keeps_all, deciding, telling }
    }

    /// A place after that of everything that was received before.
    pub(crate) fn next_place(&self) -> Place {
        self.places.next(self.invoker.services.clock.now())
    }

    /// Whether webhooks of the provider that are handled at once are kept too.
    pub(crate) const fn keeps_all(&self) -> bool {
        self.keeps_all
    }

    fn now(&self) -> Timestamp {
        self.invoker.services.clock.now()
    }

    fn random(&self) -> u32 {
        self.invoker.services.entropy.number()
    }

    /// What tells that a webhook has failed: `hookyard.webhook.failed`, to be appended with what makes it fail. `None` where it has not.
    fn news(&self, webhook: &KeptWebhook, standing: &Standing, error: &PluginError) -> Option<Write> {
        if standing.state != WebhookState::Failed {
            return None;
        }
        let services = &self.invoker.services;
        let mut data = json!({
            "webhook": webhook.id,
            "connection": webhook.connection,
            "code": error.code,
            "message": error.message,
            "attempts": standing.attempts,
        });
        if let Some(order_key) = &webhook.order_key {
            data["order_key"] = order_key.as_str().into();
        }
        let subject = webhook.connection.to_string();
        let mut event = host_event("webhook.failed", subject, &data, standing.since, &*services.entropy);
        event.webhook = Some(webhook.id);
        event.traceparent.clone_from(&webhook.traceparent);
        Some(Write::Append { event: Box::new(event), dedupe: None })
    }
}

/// Changes how an entry stands, if nobody has changed it meanwhile.
fn settle(entry: &InboxEntry, standing: &Standing) -> (Guard, Write) {
    let id = entry.webhook.id;
    let guard = Guard::WebhookAt { id, version: entry.version };
    (guard, Write::Settle { id, standing: Box::new(standing.clone()) })
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
