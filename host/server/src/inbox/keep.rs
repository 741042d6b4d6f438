//! Webhooks on their way into the inbox.

use hookyard_domain::commit::{Guard, MarkKey, Write};
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxEntry, Known, Next, Standing, verdict};
use hookyard_domain::invocation::PluginError;
use hookyard_domain::limit;
use hookyard_domain::webhook::KeptWebhook;
use hookyard_store::{CommitError, StoreError};

use super::{Inbox, settle};
use crate::agenda::{Activation, Item, Turn};
use crate::connections::{Connection, Ready};

impl Inbox {
    /// What is known of the webhook with this mark.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn known(&self, mark: MarkKey) -> Result<Known, StoreError> {
        self.store.known(mark, self.now()).await
    }

    /// Keeps a webhook that was not run: it runs as soon as its turn comes. Durable on return.
    ///
    /// # Errors
    /// Nothing is kept.
    pub(crate) async fn keep_fresh(
        &self,
        connection: &Connection,
        webhook: KeptWebhook,
        turn: Option<Turn>,
    ) -> Result<(), CommitError> {
        let (standing, seen) = (Standing::fresh(self.now()), Activation::default());
        self.keep(connection, webhook, standing, seen, turn, None).await
    }

    /// Which activation of the connection was the last: to be asked before a first run.
    pub(crate) fn activation(&self, connection: &Connection) -> Activation {
        self.agenda.activation(&connection.id)
    }

    /// Keeps a webhook whose first run has failed, to be run again or not, as its error says. `seen` was the last activation when
    /// the run began. Durable on return.
    ///
    /// # Errors
    /// Nothing is kept.
    pub(crate) async fn keep_failed(
        &self,
        connection: &Connection,
        ready: &Ready,
        webhook: KeptWebhook,
        (error, seen): (&PluginError, Activation),
        turn: Option<Turn>,
    ) -> Result<(), CommitError> {
        let fresh = Standing::fresh(webhook.received_at);
        let standing = self.after_failure(connection, ready, &fresh, error);
        let news = self.news(&webhook, &standing, error);
        self.keep(connection, webhook, standing, seen, turn, news).await
    }

    /// How a webhook stands after one more run, which failed like this.
    pub(super) fn after_failure(
        &self,
        connection: &Connection,
        ready: &Ready,
        before: &Standing,
        error: &PluginError,
    ) -> Standing {
        let now = self.now();
        let attempts = before.attempts.saturating_add(1);
        let verdict = verdict(error, attempts, connection.has_lifecycle(), now, self.random());
        let order_blocks = ready.webhook.as_ref().is_some_and(|entry| entry.rules.order_blocks);
        before.after_failure(error, verdict, order_blocks, now)
    }

    async fn keep(
        &self,
        connection: &Connection,
        webhook: KeptWebhook,
        standing: Standing,
        seen: Activation,
        turn: Option<Turn>,
        news: Option<Write>,
    ) -> Result<(), CommitError> {
        let mark = webhook.dedupe.as_ref().map(|(_, mark)| *mark);
        let guards = mark.map_or_else(Vec::new, |mark| vec![Guard::MarkAbsent(mark), Guard::NotKept(mark)]);
        let item = Item::Webhook { place: webhook.place, id: webhook.id };
        let (next, holds_order_key) = (standing.next, standing.holds_order_key());
        let keep = Write::Keep { webhook: Box::new(webhook), standing: Box::new(standing) };
        let writes = std::iter::once(keep).chain(news).collect();
        self.invoker.commit_writes(connection, guards, writes).await?;
        match turn {
            Some(turn) if holds_order_key => turn.keep(item, next, seen),
            // Dropping it lets the next one go.
            Some(_) => {}
            None if next.is_some() => self.agenda.put_since(&connection.id, item, None, next, seen),
            None => {}
        }
        Ok(())
    }

    /// The provider has sent a webhook again that is in the inbox: one that failed runs again, once.
    ///
    /// # Errors
    /// Nothing has changed.
    pub(crate) async fn repeated(&self, connection: &Connection, id: WebhookId) -> Result<(), RepeatError> {
        let Some(entry) = self.store.webhook(id).await? else { return Ok(()) };
        let Some(standing) = entry.standing.repeated(self.now()) else { return Ok(()) };
        let (guard, write) = settle(&entry, &standing);
        match self.invoker.commit_writes(connection, vec![guard], vec![write]).await {
            Ok(()) => self.schedule(&entry, &standing).await,
            // Whoever has changed it has decided what becomes of it.
            Err(CommitError::Moved) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Tells the agenda that an entry stands like this from now on. Somebody else may have decided anew since, and told that
    /// already: one that is on without need is looked at and goes, but one that is off stays off. So the store is asked before.
    pub(super) async fn schedule(&self, entry: &InboxEntry, standing: &Standing) {
        let _alone = self.telling.lock().await;
        if is_on(entry, standing) {
            return self.put(entry, standing.next);
        }
        match self.store.webhook(entry.webhook.id).await {
            Ok(Some(now)) if is_on(&now, &now.standing) => self.put(&now, now.standing.next),
            Ok(_) => self.agenda.remove(&entry.webhook.connection, &item(entry)),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the inbox cannot be read");
                // Whoever runs it looks again.
                self.put(entry, Some(Next::At(self.now().after(limit::TRY_AGAIN_AFTER))));
            }
        }
    }

    fn put(&self, entry: &InboxEntry, next: Option<Next>) {
        let order_key = entry.webhook.order_key.as_deref();
        self.agenda.put(&entry.webhook.connection, item(entry), order_key, next);
    }
}

/// Whether an entry that stands like this is on the agenda.
const fn is_on(entry: &InboxEntry, standing: &Standing) -> bool {
    standing.next.is_some() || (standing.holds_order_key() && entry.webhook.order_key.is_some())
}

const fn item(entry: &InboxEntry) -> Item {
    Item::Webhook { place: entry.webhook.place, id: entry.webhook.id }
}

/// Why a webhook that failed is not armed again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RepeatError {
    /// The inbox cannot be read.
    #[error("the inbox cannot be read")]
    Unreadable(#[from] StoreError),
    /// It cannot be written down.
    #[error("it cannot be written down")]
    NotCommitted(#[from] CommitError),
}
