//! Runs webhooks from the inbox.

use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::{InboxEntry, Next, Standing, WebhookState};
use hookyard_domain::invocation::{ErrorKind, PluginError};
use hookyard_domain::limit;
use hookyard_domain::webhook::VerifiedWebhook;
use hookyard_store::{CommitError, StoreError};
use tokio::time::{Instant, timeout};

use super::{Inbox, settle};
use crate::agenda::Ended;
use crate::connections::{Connection, Ready};
use crate::handling::{self, Beside, Handling, NotHandled};
use crate::invoker::Errand;
use crate::unsuccessful::Unsuccessful;

impl Inbox {
    /// Runs a kept webhook with the newest version of its plugin, and writes down what came of it: its effects and that it was
    /// handled in one commit, or how it stands now. What somebody else has decided about it meanwhile stands.
    pub(crate) async fn run(&self, connection: &ConnectionId, id: WebhookId) -> Ended {
        let Some(connection) = self.connections.get(connection) else { return Ended::Paused };
        let Some(ready) = &connection.ready else { return Ended::Paused };
        // Not for long: what waits here keeps others from running.
        let Ok(Ok(_share)) = timeout(limit::SLOT_WAIT_MAX, ready.share.acquire()).await else { return self.later() };
        match self.store.webhook(id).await {
            Ok(Some(entry)) if entry.standing.next == Some(Next::Activation) && connection.is_refused_again() => {
                Ended::Refused
            }
            Ok(Some(entry)) if entry.standing.state == WebhookState::Pending => {
                let (outcome, ended) = self.run_entry(&connection, ready, entry).await;
                self.invoker.metrics.inbox_run(connection.id.as_str(), outcome);
                ended
            }
            entry => self.stands(entry),
        }
    }

    /// Also says how it ended in the word that metrics use.
    async fn run_entry(&self, connection: &Connection, ready: &Ready, entry: InboxEntry) -> (&'static str, Ended) {
        let webhook = VerifiedWebhook::from_kept(entry.webhook.clone());
        let attempt = entry.standing.attempts.saturating_add(1);
        let until = Instant::now() + ready.limits.deadline;
        let cause = handling::cause(&webhook, entry.webhook.fresh);
        // One that has failed before fails for the same reason in most cases, whatever version it meets.
        let is_news = entry.standing.error.is_none();
        let errand = Errand { is_news, ..handling::errand(connection, ready, &webhook, cause, attempt, until) };
        let clock = &*self.invoker.services.clock;
        let handling = Handling { webhook: &webhook, beside: Beside::Kept(&entry), clock };
        let error = match self.invoker.until_durable(&errand, &handling).await {
            Ok(_response) => {
                tracing::info!(connection = %connection.id, webhook = %entry.webhook.id, attempt, "webhook handled");
                return ("handled", Ended::Done);
            }
            Err(NotHandled::Unsuccessful(Unsuccessful::Failed(error))) => unfixable(error),
            Err(NotHandled::Declined(response)) => declined(response.status),
            Err(NotHandled::Unsuccessful(Unsuccessful::Seen | Unsuccessful::Moved)) => {
                return ("overtaken", self.as_it_stands(entry.webhook.id).await);
            }
            Err(NotHandled::Unsuccessful(Unsuccessful::Gone)) => return ("gone", Ended::Done),
            Err(NotHandled::Unsuccessful(Unsuccessful::NotNow { .. })) => return ("put-off", self.later()),
        };
        let standing = self.after_failure(connection, ready, &entry.standing, &error);
        match self.write_down(connection, &entry, &standing, &error).await {
            Ok(()) => {
                let outcome = if standing.next.is_some() { "again" } else { "failed" };
                (outcome, ended(&standing))
            }
            Err(CommitError::Moved) => ("overtaken", self.as_it_stands(entry.webhook.id).await),
            Err(CommitError::Gone) => ("gone", Ended::Done),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(connection = %connection.id, error, "how a webhook stands cannot be written down");
                ("put-off", self.later())
            }
        }
    }

    async fn write_down(
        &self,
        connection: &Connection,
        entry: &InboxEntry,
        standing: &Standing,
        error: &PluginError,
    ) -> Result<(), CommitError> {
        let (guard, write) = settle(entry, standing);
        let news = self.news(&entry.webhook, standing, error);
        let writes = std::iter::once(write).chain(news).collect();
        self.invoker.commit_writes(connection, vec![guard], writes).await?;
        let Standing { state, attempts, .. } = standing;
        tracing::warn!(
            connection = %connection.id, webhook = %entry.webhook.id, code = error.code, %state, attempts, "webhook not handled"
        );
        Ok(())
    }

    /// Somebody else has decided what becomes of it while it ran.
    async fn as_it_stands(&self, id: WebhookId) -> Ended {
        self.stands(self.store.webhook(id).await)
    }

    fn stands(&self, entry: Result<Option<InboxEntry>, StoreError>) -> Ended {
        match entry {
            Ok(Some(entry)) => ended(&entry.standing),
            Ok(None) => Ended::Done,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the inbox cannot be read");
                self.later()
            }
        }
    }

    /// The host could not do it now, which says nothing about the webhook and counts for nothing.
    fn later(&self) -> Ended {
        Ended::Later(self.now().after(limit::TRY_AGAIN_AFTER))
    }
}

/// What the agenda does about it. It knows by itself whether the activation that is waited for has come during the run.
const fn ended(standing: &Standing) -> Ended {
    match standing.next {
        Some(next) => Ended::Again(next),
        None if standing.holds_order_key() => Ended::Blocks,
        None => Ended::Done,
    }
}

/// Nobody is there to be told that the input is wrong.
pub(super) fn unfixable(error: PluginError) -> PluginError {
    match error.kind {
        ErrorKind::Invalid => PluginError { kind: ErrorKind::Failed, ..error },
        ErrorKind::Unauthorized | ErrorKind::Unavailable | ErrorKind::Failed => error,
    }
}

/// Nor is anybody there to be given the plugin's response.
pub(super) fn declined(status: u16) -> PluginError {
    PluginError::new(ErrorKind::Failed, "declined", format!("the plugin responded with status {status}"))
}
