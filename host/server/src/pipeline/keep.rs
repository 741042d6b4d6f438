//! A webhook that is kept, or that was kept before.

use hookyard_domain::commit::MarkKey;
use hookyard_domain::inbox::{Known, Reason, WebhookState};
use hookyard_domain::invocation::{ErrorKind, PluginError};
use hookyard_store::CommitError;
use tokio::time::{Instant, timeout_at};

use super::reception::{self, Reception};
use super::single_flight::Wait;
use super::{Answer, Pipeline};
use crate::agenda::{Activation, Turn};
use crate::connections::{Connection, Ready};

impl Pipeline {
    /// The answer to a webhook that was received before: it was handled, or joins the one that is kept, which runs again if
    /// it had failed. `None` where it is new.
    pub(super) async fn known(&self, connection: &Connection, mark: Option<MarkKey>) -> Option<Answer> {
        match self.inbox.known(mark?).await {
            Ok(Known::No) => None,
            Ok(Known::Handled) => Some(Answer::Seen),
            Ok(Known::Kept { id, standing, .. }) => {
                if standing.state == WebhookState::Failed
                    && let Err(error) = self.inbox.repeated(connection, id).await
                {
                    // It is kept all the same, and the next repeat may arm it.
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(webhook = %id, error, "a webhook that failed cannot be armed again");
                }
                Some(Answer::Kept(None))
            }
            Err(error) => Some(Answer::store_unavailable(&error)),
        }
    }

    /// Waits for the run that handles the same webhook already. When the time is up, what is durable decides.
    pub(super) async fn follow(&self, wait: Wait<Answer>, mark: MarkKey, until: Instant) -> Answer {
        match timeout_at(until, wait.result()).await {
            Ok(Some(answer)) => answer,
            Ok(None) => Answer::try_again("unavailable", "the run was lost"),
            Err(_) => match self.inbox.known(mark).await {
                Ok(Known::Handled) => Answer::Seen,
                Ok(Known::Kept { .. }) => Answer::Kept(None),
                Ok(Known::No) => Answer::try_again("deadline", "the same webhook is being handled"),
                Err(error) => Answer::store_unavailable(&error),
            },
        }
    }

    /// Keeps a webhook that was not run.
    pub(super) async fn keep_fresh(&self, connection: &Connection, received: &Reception, turn: Option<Turn>) -> Answer {
        let on_receipt = connection.ready.as_ref().is_some_and(|ready| reception::on_receipt(ready));
        let kept = self.inbox.keep_fresh(connection, received.to_kept(), turn).await;
        self.count(connection, &kept, if on_receipt { "on-receipt" } else { "order-key-busy" });
        answer(kept, None)
    }

    /// Keeps a webhook whose first run has failed like this; `seen` was the last activation when it began.
    pub(super) async fn keep_failed(
        &self,
        connection: &Connection,
        ready: &Ready,
        received: &Reception,
        (error, seen): (&PluginError, Activation),
        turn: Option<Turn>,
    ) -> Answer {
        let kept = self.inbox.keep_failed(connection, ready, received.to_kept(), (error, seen), turn).await;
        self.count(connection, &kept, why(error.kind));
        answer(kept, Some(Reason::from(error)))
    }

    /// Counts a webhook as kept for this reason, if it was.
    fn count(&self, connection: &Connection, kept: &Result<(), CommitError>, reason: &'static str) {
        if kept.is_ok() {
            self.invoker.metrics.kept(connection.id.as_str(), reason);
        }
    }
}

/// The word that metrics use for a first run that has failed.
const fn why(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => "unauthorized",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Invalid | ErrorKind::Failed => "failed",
    }
}

fn answer(kept: Result<(), CommitError>, reason: Option<Reason>) -> Answer {
    match kept {
        Ok(()) => Answer::Kept(reason),
        Err(CommitError::MarkPresent) => Answer::Seen,
        Err(CommitError::KeptAlready | CommitError::Moved) => Answer::Kept(None),
        Err(CommitError::Gone) => Answer::Gone,
        Err(CommitError::InboxFull) => Answer::try_again("inbox-full", "too many webhooks wait to be handled already"),
        Err(CommitError::Overloaded) => Answer::try_again("overloaded", "the store is overloaded"),
        Err(CommitError::Unavailable(error)) => Answer::store_unavailable(&error),
        Err(
            error @ (CommitError::KeyMoved { .. }
            | CommitError::NotANumber { .. }
            | CommitError::TooLarge { .. }
            | CommitError::TooManyTimers { .. }),
        ) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a webhook cannot be kept");
            Answer::try_again("unavailable", "the webhook cannot be kept")
        }
    }
}
