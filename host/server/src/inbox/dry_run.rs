//! Dry run: what a kept webhook would bring about if it ran now. Nothing of it is committed or sent, and nothing changes.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use hookyard_capability::{Draft, Log, Unsent};
use hookyard_domain::commit::Write;
use hookyard_domain::id::{ConnectionId, EventId, WebhookId};
use hookyard_domain::inbox::{InboxEntry, Reason, WebhookFilter, WebhookState};
use hookyard_domain::invocation::PluginError;
use hookyard_domain::limit;
use hookyard_domain::plugin::PluginVersion;
use hookyard_domain::redaction::Redactor;
use hookyard_domain::webhook::VerifiedWebhook;
use hookyard_sandbox::WebhookResponse;
use hookyard_store::StoreError;
use tokio::time::{Instant, timeout_at};

use super::Inbox;
use super::run::{declined, unfixable};
use crate::connections::{Connection, Ready};
use crate::handling::{self, Beside, Handling, NotHandled};
use crate::invocations::{Occasion, word};
use crate::invoker::Undertaking as _;
use crate::unsuccessful::Unsuccessful;

/// What came of a dry run.
#[derive(Debug)]
pub(crate) struct DryRun {
    /// Which webhook.
    pub(crate) webhook: WebhookId,
    /// Whose it is.
    pub(crate) connection: ConnectionId,
    /// The version of the plugin that ran.
    pub(crate) plugin: PluginVersion,
    /// How the invocation ended, as one word.
    pub(crate) outcome: &'static str,
    /// What the webhook would be afterwards.
    pub(crate) state: WebhookState,
    /// Why it would not be handled.
    pub(crate) error: Option<Reason>,
    /// What the plugin responded, which nobody but the provider at receipt would get.
    pub(crate) response: Option<WebhookResponse>,
    /// What the plugin wanted to make true. It is committed only where the webhook would be handled.
    pub(crate) writes: Vec<Write>,
    /// Events whose dedupe keys are known: these would not be appended again.
    pub(crate) known_events: Vec<EventId>,
    /// What it would have sent.
    pub(crate) unsent: Unsent,
    /// What it logged.
    pub(crate) log: Log,
    /// Finds the connection's secrets.
    pub(crate) redactor: Arc<Redactor>,
}

/// What came of the dry runs of several webhooks. None of them sees what another one would have brought about.
#[derive(Debug)]
pub(crate) struct DryRuns {
    /// How many are meant.
    pub(crate) matched: usize,
    /// What came of the oldest [`limit::DRY_RUNS_MAX`] of them.
    pub(crate) runs: Vec<DryRun>,
}

/// Why there was no dry run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DryRunError {
    /// There is no such webhook in the inbox.
    #[error("there is no webhook {0} in the inbox")]
    NotFound(WebhookId),
    /// Its connection is not there.
    #[error("there is no connection {0}")]
    NoConnection(ConnectionId),
    /// Its connection cannot be used now.
    #[error("the connection {} does not work now", .0.id)]
    NotReady(Arc<Connection>),
    /// The host could not do it now.
    #[error("{detail}")]
    NotNow {
        /// `overloaded`, `unavailable`
        code: &'static str,
        /// A sentence for a person.
        detail: &'static str,
    },
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Unavailable(#[from] StoreError),
}

impl Inbox {
    /// Runs the newest version of the plugin on a kept webhook, as the next run of it would, and keeps nothing: every request is
    /// refused and listed, and neither the webhook, nor the connection's health, nor the version's trial takes notice.
    ///
    /// # Errors
    /// It could not run at all.
    pub(crate) async fn dry_run(&self, id: WebhookId) -> Result<DryRun, DryRunError> {
        let entry = self.store.webhook(id).await?.ok_or(DryRunError::NotFound(id))?;
        let of = &entry.webhook.connection;
        let connection = self.connections.get(of).ok_or_else(|| DryRunError::NoConnection(of.clone()))?;
        let Some(ready) = &connection.ready else { return Err(DryRunError::NotReady(Arc::clone(&connection))) };
        let busy =
            DryRunError::NotNow { code: "overloaded", detail: "the connection has too many invocations in work" };
        let Ok(Ok(_share)) = timeout_at(Instant::now() + ready.limits.deadline, ready.share.acquire()).await else {
            return Err(busy);
        };
        self.try_entry(&connection, ready, entry).await
    }

    /// The same of all that pass the filter now, as far as they are tried: the oldest first, a few at a time. One that was purged
    /// meanwhile is passed over.
    ///
    /// # Errors
    /// One of them could not run at all.
    pub(crate) async fn dry_run_all(&self, filter: &WebhookFilter) -> Result<DryRuns, DryRunError> {
        let meant = self.meant(filter).await?;
        let matched = meant.len();
        let runs = meant.into_iter().take(limit::DRY_RUNS_MAX).map(|meant| self.dry_run(meant.id));
        let runs: Vec<_> = stream::iter(runs).buffered(limit::DRY_RUNS_AT_ONCE).collect().await;
        let is_there = |run: &Result<DryRun, DryRunError>| !matches!(run, Err(DryRunError::NotFound(_)));
        let runs = runs.into_iter().filter(is_there).collect::<Result<_, _>>()?;
        Ok(DryRuns { matched, runs })
    }

    async fn try_entry(
        &self,
        connection: &Connection,
        ready: &Ready,
        entry: InboxEntry,
    ) -> Result<DryRun, DryRunError> {
        let webhook = VerifiedWebhook::from_kept(entry.webhook.clone());
        let cause = handling::cause(&webhook, entry.webhook.fresh);
        let attempt = entry.standing.attempts.saturating_add(1);
        let until = Instant::now() + ready.limits.deadline;
        let mut errand = handling::errand(connection, ready, &webhook, cause, attempt, until);
        errand.occasion = Occasion::DryRun(webhook.id());
        errand.attributes.push(("dry-run", "true".to_owned()));
        let clock = &*self.invoker.services.clock;
        let handling = Handling { webhook: &webhook, beside: Beside::Kept(&entry), clock };
        let (outcome, draft) = self.invoker.dry_run(&errand, &handling).await;
        let ended = word(&outcome);
        let Draft { mut writes, log, unsent, .. } = draft;
        if entry.webhook.fresh {
            handling::forget_dedupe_keys(&mut writes);
        }
        let (error, response) = match handling.conclude(outcome, false) {
            Ok(response) => (None, response),
            Err(NotHandled::Unsuccessful(Unsuccessful::Failed(error))) => (Some(unfixable(error)), None),
            Err(NotHandled::Declined(response)) => (Some(declined(response.status)), Some(response)),
            Err(NotHandled::Unsuccessful(Unsuccessful::NotNow { code, detail })) => {
                return Err(DryRunError::NotNow { code, detail });
            }
            Err(NotHandled::Unsuccessful(Unsuccessful::Seen | Unsuccessful::Moved | Unsuccessful::Gone)) => {
                return Err(DryRunError::NotNow { code: "unavailable", detail: "the webhook is being changed" });
            }
        };
        Ok(DryRun {
            webhook: webhook.id(),
            connection: connection.id.clone(),
            plugin: ready.plugin.manifest.plugin(),
            outcome: ended,
            state: self.state_after(connection, ready, &entry, error.as_ref()),
            error: error.as_ref().map(Reason::from),
            response,
            known_events: self.known_events(&writes).await?,
            writes,
            unsent,
            log,
            redactor: ready.outbound.vault().redactor(),
        })
    }

    fn state_after(
        &self,
        connection: &Connection,
        ready: &Ready,
        entry: &InboxEntry,
        error: Option<&PluginError>,
    ) -> WebhookState {
        match error {
            Some(error) => self.after_failure(connection, ready, &entry.standing, error).state,
            None => WebhookState::Handled,
        }
    }

    async fn known_events(&self, writes: &[Write]) -> Result<Vec<EventId>, StoreError> {
        let mut known = Vec::new();
        for write in writes {
            if let Write::Append { event, dedupe: Some(mark) } = write
                && self.store.marked(*mark, self.now()).await?
            {
                known.push(event.id);
            }
        }
        Ok(known)
    }
}
