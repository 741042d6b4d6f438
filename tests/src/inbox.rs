//! What a test host has in its inbox.

use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxEntry, WebhookFilter, WebhookState};
use hookyard_domain::limit;

use crate::host::TestHost;

impl TestHost {
    /// All that is in the inbox, in the order of receipt.
    ///
    /// # Panics
    /// There is more than one page of it, or the store cannot be read.
    pub async fn inbox(&self) -> Vec<InboxEntry> {
        let store = &self.running().host.store;
        let page = store.webhooks(&WebhookFilter::default(), None, limit::WEBHOOKS_PAGE_MAX).await;
        let page = page.expect("the inbox can be read");
        assert!(page.next.is_none(), "more than one page");
        page.webhooks.into_iter().rev().collect()
    }

    /// The one webhook that is in the inbox.
    ///
    /// # Panics
    /// There is none, or there are several.
    pub async fn kept(&self) -> InboxEntry {
        let mut all = self.inbox().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// Waits until the webhook has run so often since it was received, or armed again, and is not running any more as far as the
    /// store tells.
    pub async fn until_attempts(&self, id: WebhookId, attempts: u32) -> InboxEntry {
        self.until(id, |entry| entry.standing.attempts == attempts).await
    }

    /// Waits until the webhook is in this state.
    pub async fn until_state(&self, id: WebhookId, state: WebhookState) -> InboxEntry {
        self.until(id, |entry| entry.standing.state == state).await
    }

    /// Waits until all that is in the inbox is in this state.
    pub async fn until_all(&self, state: WebhookState) -> Vec<InboxEntry> {
        loop {
            let all = self.inbox().await;
            if all.iter().all(|entry| entry.standing.state == state) {
                return all;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn until(&self, id: WebhookId, is_so: impl Fn(&InboxEntry) -> bool) -> InboxEntry {
        loop {
            let entry = self.running().host.store.webhook(id).await.expect("the inbox can be read");
            match entry.filter(&is_so) {
                Some(entry) => return entry,
                None => tokio::task::yield_now().await,
            }
        }
    }
}
