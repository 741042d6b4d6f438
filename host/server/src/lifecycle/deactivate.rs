//! Has a plugin take its leave of the provider.

use hookyard_capability::Draft;
use hookyard_sandbox::{Component, Finished, Invocation, Outcome, Sandbox};
use tokio::time::timeout;

use super::Lifecycle;
use crate::connections::Connection;
use crate::invocations::Occasion;
use crate::invoker::{NotCommitted, Undertaking};

impl Lifecycle {
    /// Calls `deactivate` of a connection that has worked, with its own config and grants, once whatever activates it has ended.
    /// Best effort: what goes wrong is logged. `still_wanted` is asked when its turn has come.
    pub(crate) async fn deactivate(&self, connection: &Connection, still_wanted: impl Fn() -> bool) {
        let Some(ready) = connection.ready.as_ref().filter(|_| connection.has_lifecycle()) else { return };
        // This semaphore is never closed.
        let _few = self.leaving_at_once.acquire().await.ok();
        let _alone = connection.condition.activating.lock().await;
        if !still_wanted() {
            return;
        }
        let deactivated = async {
            // Nor is this one.
            let _share = ready.share.acquire().await.ok();
            let errand = self.errand(connection, ready, Occasion::Deactivation);
            self.invoker.until_durable(&errand, &Deactivate).await
        };
        match timeout(ready.limits.deadline, deactivated).await {
            Ok(Ok(())) => tracing::info!(connection = %connection.id, "connection deactivated"),
            Ok(Err(NotDeactivated::Gone)) => tracing::info!(connection = %connection.id, "connection deactivated"),
            Ok(Err(NotDeactivated::Failed(reason))) => {
                tracing::warn!(connection = %connection.id, reason, "the plugin could not take its leave of the provider");
            }
            Err(_) => {
                let reason = "it did not end in time";
                tracing::warn!(connection = %connection.id, reason, "the plugin could not take its leave of the provider");
            }
        }
    }
}

struct Deactivate;

enum NotDeactivated {
    /// The plugin has taken its leave, and what it wrote goes with its connection.
    Gone,
    /// Why, as the log shows it.
    Failed(String),
}

impl Undertaking for Deactivate {
    type Returned = ();
    type Done = ();
    type Failed = NotDeactivated;

    async fn call(&self, sandbox: &Sandbox, component: &Component, invocation: Invocation) -> Finished<()> {
        sandbox.deactivate(component, invocation).await
    }

    fn conclude(&self, outcome: Outcome<()>, _sent_unsafe: bool) -> Result<(), NotDeactivated> {
        Err(NotDeactivated::Failed(match outcome {
            Outcome::Returned(()) => return Ok(()),
            Outcome::Error(error) => format!("{}: {}", error.code, error.message),
            Outcome::Trap { .. } => "the plugin trapped".to_owned(),
            Outcome::Deadline(_) => "it did not end in time".to_owned(),
            Outcome::Unavailable(_) | Outcome::Busy => "the host could not call it now".to_owned(),
        }))
    }

    fn join(&self, (): &(), _: &mut Draft) {}
}

impl From<NotCommitted> for NotDeactivated {
    fn from(reason: NotCommitted) -> Self {
        match reason {
            NotCommitted::Gone { .. } => Self::Gone,
            other => Self::Failed(format!("what it wrote is not kept: {other:?}")),
        }
    }
}
