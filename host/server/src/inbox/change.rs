//! What the operator decides about a kept webhook, as one commit and one word to the agenda.

use hookyard_domain::commit::Write;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::{InboxEntry, Standing, WebhookState};
use hookyard_domain::limit;
use hookyard_store::{CommitError, StoreError};

use super::{Inbox, settle};

/// Why a kept webhook is not changed. Nothing has happened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// There is no such webhook in the inbox.
    #[error("there is no webhook {0} in the inbox")]
    NotFound(WebhookId),
    /// Its connection is not there, or is being deleted.
    #[error("there is no connection {0}")]
    NoConnection(ConnectionId),
    /// It is in a state in which that cannot be done.
    #[error("the webhook is {0} already")]
    State(WebhookState),
    /// Others have changed it each time.
    #[error("others change the webhook all the time")]
    Moved,
    /// The inbox has no room for another unsettled webhook.
    #[error("the inbox is full")]
    Full,
    /// More waits to be committed than may wait.
    #[error("too many commits wait already")]
    Overloaded,
    /// The store cannot be read or written.
    #[error("the store cannot be read or written")]
    Unavailable(#[from] StoreError),
}

/// What becomes of an entry.
pub(super) enum Decision {
    /// It stands like this from now on; these are written beside it.
    Settle(Standing, Vec<Write>),
    /// It stays as it is.
    Stay,
}

impl Inbox {
    /// Decides about a webhook, as it is when that is committed: when somebody else has changed it meanwhile, it is read and
    /// decided about anew, and then by one caller at a time, so that any number of them come to an end. Answers how it stands then,
    /// durably.
    pub(super) async fn decide(
        &self,
        id: WebhookId,
        decision: impl Fn(&InboxEntry) -> Result<Decision, ChangeError>,
    ) -> Result<InboxEntry, ChangeError> {
        // Whoever is new waits for who decides alone.
        let (mut together, mut alone) = (Some(self.deciding.read().await), None);
        for _ in 0..=limit::CONFLICT_RETRIES_MAX {
            let entry = self.store.webhook(id).await?.ok_or(ChangeError::NotFound(id))?;
            let (standing, beside) = match decision(&entry)? {
                Decision::Settle(standing, beside) => (standing, beside),
                Decision::Stay => return Ok(entry),
            };
            let of = &entry.webhook.connection;
            let connection = self.connections.get(of).ok_or_else(|| ChangeError::NoConnection(of.clone()))?;
            let (guard, write) = settle(&entry, &standing);
            let writes = beside.into_iter().chain([write]).collect();
            match self.invoker.commit_writes(&connection, vec![guard], writes).await {
                Ok(()) => {
                    self.schedule(&entry, &standing).await;
                    return Ok(InboxEntry { standing, version: entry.version.wrapping_add(1), ..entry });
                }
                Err(CommitError::Moved) if alone.is_none() => {
                    drop(together.take());
                    alone = Some(self.deciding.write().await);
                }
                Err(CommitError::Moved) => {}
                Err(error) => return Err(refused(error, of)),
            }
        }
        Err(ChangeError::Moved)
    }
}

/// Of a commit that changes how webhooks stand.
pub(super) fn refused(error: CommitError, connection: &ConnectionId) -> ChangeError {
    match error {
        CommitError::Gone => ChangeError::NoConnection(connection.clone()),
        CommitError::InboxFull => ChangeError::Full,
        CommitError::Overloaded => ChangeError::Overloaded,
        CommitError::Unavailable(error) => error.into(),
        // No other guard and no other write stands in it.
        CommitError::Moved
        | CommitError::KeptAlready
        | CommitError::MarkPresent
        | CommitError::KeyMoved { .. }
        | CommitError::NotANumber { .. }
        | CommitError::TooLarge { .. }
        | CommitError::TooManyTimers { .. } => ChangeError::Moved,
    }
}
