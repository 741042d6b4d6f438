//! Skipping: the operator does not want a webhook handled.

use hookyard_domain::commit::Write;
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxEntry, WebhookState};

use super::Inbox;
use super::change::{ChangeError, Decision};

impl Inbox {
    /// A pending or failed webhook is not run any more, and its order key is free. A repeat by the provider is answered as one that
    /// was handled. One that is skipped already stays so. Durable on return.
    ///
    /// # Errors
    /// Nothing has changed. [`ChangeError::State`] for one that was handled.
    pub(crate) async fn skip(&self, id: WebhookId) -> Result<InboxEntry, ChangeError> {
        self.decide(id, |entry| match entry.standing.state {
            WebhookState::Pending | WebhookState::Failed => {
                let mark = entry.webhook.dedupe.as_ref().map(|(_, mark)| Write::Mark(*mark));
                Ok(Decision::Settle(entry.standing.skipped(self.now()), mark.into_iter().collect()))
            }
            WebhookState::Skipped => Ok(Decision::Stay),
            WebhookState::Handled => Err(ChangeError::State(WebhookState::Handled)),
        })
        .await
    }
}
