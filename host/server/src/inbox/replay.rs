//! Replay: the operator wants webhooks run now, whatever became of them.

use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::{InboxEntry, Place, WebhookFilter};
use hookyard_domain::limit;
use hookyard_store::{CommitError, StoreError};

use super::change::{ChangeError, Decision, refused};
use super::{Inbox, settle};
use crate::agenda::Item;

/// A webhook that a bulk replay means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Meant {
    place: Place,
    pub(super) id: WebhookId,
}

impl Inbox {
    /// Runs a webhook now, with its attempts counted anew, at its own place in the line of its order key. One that was handled is
    /// handled again: events whose dedupe keys are known are not appended twice. Durable on return; the run follows.
    ///
    /// # Errors
    /// Nothing has changed.
    pub(crate) async fn replay(&self, id: WebhookId) -> Result<InboxEntry, ChangeError> {
        self.decide(id, |entry| Ok(Decision::Settle(entry.standing.replayed(self.now()), Vec::new()))).await
    }

    /// Replays all that are meant now, the oldest first, and says how many. Those that come later are not meant; one that was
    /// purged, or does not pass the filter any more when its turn comes (somebody has skipped it, a repeat has had it handled), is
    /// passed over.
    ///
    /// # Errors
    /// Some may have been replayed.
    pub(crate) async fn replay_all(&self, filter: &WebhookFilter) -> Result<u64, ChangeError> {
        let meant = self.meant(filter).await?;
        let mut replayed = 0;
        for batch in meant.chunks(limit::REPLAYS_AT_ONCE) {
            replayed += self.replay_batch(filter, batch).await?;
        }
        Ok(replayed)
    }

    /// Those that pass the filter now, the oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn meant(&self, filter: &WebhookFilter) -> Result<Vec<Meant>, StoreError> {
        let (mut meant, mut before) = (Vec::new(), None);
        loop {
            let page = self.store.webhooks(filter, before, limit::WEBHOOKS_PAGE_MAX).await?;
            meant.extend(page.webhooks.iter().map(|entry| Meant { place: entry.webhook.place, id: entry.webhook.id }));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        meant.sort_unstable();
        Ok(meant)
    }

    /// Replays a few in one commit for each connection; where somebody has changed one of them meanwhile, one by one.
    async fn replay_batch(&self, filter: &WebhookFilter, batch: &[Meant]) -> Result<u64, ChangeError> {
        let mut replayed = 0;
        let mut entries: Vec<InboxEntry> = Vec::with_capacity(batch.len());
        for meant in batch {
            let entry = self.store.webhook(meant.id).await?;
            entries.extend(entry.filter(|entry| filter.matches(&entry.webhook, &entry.standing)));
        }
        for entries in entries.chunk_by(|one, other| one.webhook.connection == other.webhook.connection) {
            replayed += match self.replay_together(entries).await {
                Err(ChangeError::Moved) => self.replay_one_by_one(filter, entries).await?,
                outcome => outcome?,
            };
        }
        Ok(replayed)
    }

    async fn replay_together(&self, entries: &[InboxEntry]) -> Result<u64, ChangeError> {
        let Some(first) = entries.first() else { return Ok(0) };
        let of: &ConnectionId = &first.webhook.connection;
        let connection = self.connections.get(of).ok_or_else(|| ChangeError::NoConnection(of.clone()))?;
        let now = self.now();
        let standings: Vec<_> = entries.iter().map(|entry| entry.standing.replayed(now)).collect();
        let changes = entries.iter().zip(&standings).map(|(entry, standing)| settle(entry, standing));
        let (guards, writes) = changes.unzip();
        let committed: Result<(), CommitError> = self.invoker.commit_writes(&connection, guards, writes).await;
        committed.map_err(|error| refused(error, of))?;
        for (entry, standing) in entries.iter().zip(&standings) {
            self.schedule(entry, standing).await;
        }
        Ok(entries.len() as u64)
    }

    async fn replay_one_by_one(&self, filter: &WebhookFilter, entries: &[InboxEntry]) -> Result<u64, ChangeError> {
        let mut replayed = 0;
        for entry in entries {
            let decided =
                self.decide(entry.webhook.id, |entry| match filter.matches(&entry.webhook, &entry.standing) {
                    true => Ok(Decision::Settle(entry.standing.replayed(self.now()), Vec::new())),
                    false => Err(ChangeError::State(entry.standing.state)),
                });
            match decided.await {
                Ok(_) => replayed += 1,
                Err(ChangeError::NotFound(_) | ChangeError::State(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(replayed)
    }

    /// The kept webhook that must be over before this one runs, if there is one in its line.
    pub(crate) fn waits_for(&self, entry: &InboxEntry) -> Option<WebhookId> {
        let InboxEntry { webhook, standing, .. } = entry;
        let order_key = webhook.order_key.as_deref().filter(|_| standing.next.is_some())?;
        match self.agenda.in_the_way(&webhook.connection, order_key, webhook.place)? {
            Item::Webhook { id, .. } => Some(id),
            Item::Timer { .. } => None,
        }
    }
}
