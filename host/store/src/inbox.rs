//! The inbox, as it is read: what commits have kept and settled.

use std::fmt;

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::MarkKey;
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxDepth, InboxEntry, Known, Place, WaitingWebhook, WebhookFilter};

use crate::error::StoreError;

/// Reads the inbox. It is written by commits alone. Every read sees every commit whose `commit` has returned.
#[async_trait]
pub trait Inbox: Send + Sync + fmt::Debug {
    /// What is known of the webhook with this mark: whether it waits in the inbox or failed there, else whether the mark is set
    /// within the retention time of marks. All of it is read at one moment. Of several entries with the mark, which a replay after
    /// its retention time can bring about, a pending one is meant rather than a failed one, and else the newest.
    async fn known(&self, mark: MarkKey, now: Timestamp) -> Result<Known, StoreError>;

    /// One entry; `None` when there is none.
    async fn webhook(&self, id: WebhookId) -> Result<Option<InboxEntry>, StoreError>;

    /// The entries that hold their order key or are to be run (pending, or failed and blocking), by place, after `after`: up to
    /// `limit` of them (at most [`WEBHOOKS_PAGE_MAX`](hookyard_domain::limit::WEBHOOKS_PAGE_MAX)). Fewer: that was the last page.
    async fn waiting(&self, after: Place, limit: usize) -> Result<Vec<WaitingWebhook>, StoreError>;

    /// The highest place of any entry that is there, whatever its state.
    async fn newest_place(&self) -> Result<Place, StoreError>;

    /// Entries that pass the filter, newest place first, below `before` (`None`: from the newest): up to `limit` (at least 1, at
    /// most [`WEBHOOKS_PAGE_MAX`](hookyard_domain::limit::WEBHOOKS_PAGE_MAX)), fewer when they are large or far between.
    /// Where only pending and failed ones are asked for, no others are looked at, however many there are.
    async fn webhooks(
        &self,
        filter: &WebhookFilter,
        before: Option<Place>,
        limit: usize,
    ) -> Result<WebhookPage, StoreError>;

    /// How much of each connection is in the inbox, by connection; those of which nothing is pending or failed are left out.
    async fn inbox_depths(&self) -> Result<Vec<InboxDepth>, StoreError>;
}

/// One page of kept webhooks.
#[derive(Debug, Clone)]
pub struct WebhookPage {
    /// The entries.
    pub webhooks: Vec<InboxEntry>,
    /// Where the next page goes on (its `before`); `None` at the end. May be there although the page has fewer than were asked for.
    pub next: Option<Place>,
}
