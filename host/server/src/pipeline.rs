//! The way of a webhook: verify, single flight, order, mark, invoke, one commit, answer.
//!
//! A 2xx means that the effects are durable. Whatever else happens, nothing of the invocation is kept, and the answer says
//! whether the provider should send the webhook again.

mod answer;
mod course;
mod invoke;
mod single_flight;

use std::sync::Arc;

use hookyard_domain::commit::MarkKey;
use hookyard_domain::signature::{Receipt, Refused};
use hookyard_domain::webhook::{UnverifiedWebhook, VerifiedWebhook};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use crate::connections::Connection;
use crate::in_work::InWork;
use crate::invoker::Invoker;
use crate::order_locks::{OrderLocks, Turn};
pub use answer::Answer;
use course::Course;
use single_flight::{Role, SingleFlight, Wait};

/// Carries webhooks from the socket to the store.
pub struct Pipeline {
    invoker: Arc<Invoker>,
    in_work: Arc<InWork>,
    flights: SingleFlight<MarkKey, Answer>,
    order: OrderLocks,
}

impl Pipeline {
    /// A pipeline with nothing in it. `order` has the keys that webhooks and actions share.
    pub fn new(invoker: Arc<Invoker>, order: OrderLocks, in_work: Arc<InWork>) -> Self {
        Self { invoker, in_work, flights: SingleFlight::new(), order }
    }

    /// Takes a webhook from the provider through verification, plugin and commit.
    ///
    /// The work goes on when the caller stops waiting: a provider that hangs up does not undo what was begun.
    pub async fn receive(self: &Arc<Self>, connection: &Arc<Connection>, webhook: UnverifiedWebhook) -> Answer {
        let Some(entry) = connection.ready.as_ref().and_then(|ready| ready.webhook.as_ref()) else {
            return Answer::try_again("connection-invalid", "the connection takes no webhooks now");
        };
        match entry.verifier.verify(webhook, self.invoker.services.clock.now()) {
            Ok(Receipt::Webhook(verified)) => self.admit(connection, verified, false).await,
            Ok(Receipt::Handshake(text)) => Answer::Handshake(text),
            Err(Refused::Unauthorized { reason }) => {
                tracing::info!(connection = %connection.id, reason, "webhook not verified");
                Answer::Unauthorized
            }
            Err(Refused::NoSecret) => Answer::UnsignedNotAllowed,
            Err(Refused::MethodNotAllowed { allow }) => Answer::MethodNotAllowed { allow },
            Err(Refused::TooLarge) => Answer::TooLarge,
        }
    }

    /// The same for a test webhook of the operator: everything but verification. A `fresh` one is handled whatever was handled
    /// before, and its events are appended whatever was emitted before; it leaves no mark.
    pub async fn trigger(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        webhook: UnverifiedWebhook,
        fresh: bool,
    ) -> Answer {
        match connection.ready.as_ref().and_then(|ready| ready.webhook.as_ref()) {
            Some(entry) => self.admit(connection, entry.verifier.trust(webhook), fresh).await,
            None => Answer::try_again("connection-invalid", "the connection takes no webhooks now"),
        }
    }

    /// Takes the webhook's places, in order of receipt, before anything waits.
    async fn admit(self: &Arc<Self>, connection: &Arc<Connection>, webhook: VerifiedWebhook, fresh: bool) -> Answer {
        let mark = webhook.dedupe_key().filter(|_| !fresh).map(|key| mark_of(connection, key));
        let course = Course::begin(connection, mark, fresh);
        let flight = match mark.map(|mark| self.flights.join(mark)) {
            Some(Role::Follower(wait)) => return follow(wait, course.until).await,
            Some(Role::Leader(flight)) => Some(flight),
            None => None,
        };
        let turn = match webhook.order_key().map(|key| self.order.queue(&connection.id, key)) {
            Some(None) => return Answer::order_key_busy(),
            turn => turn.flatten(),
        };
        let (pipeline, connection) = (Arc::clone(self), Arc::clone(connection));
        let work = async move {
            let answer = pipeline.run(&connection, webhook, course, turn).await;
            if let Some(flight) = flight {
                flight.land(answer.clone());
            }
            answer
        };
        self.in_work.spawn(work.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "handling a webhook panicked");
            Answer::try_again("unavailable", "the host failed")
        })
    }

    async fn run(
        &self,
        connection: &Connection,
        webhook: VerifiedWebhook,
        course: Course,
        mut turn: Option<Turn>,
    ) -> Answer {
        let Some(ready) = &connection.ready else {
            return Answer::try_again("connection-invalid", "the connection takes no webhooks now");
        };
        if let Some(mark) = course.mark {
            match self.invoker.services.ledger.marked(mark, self.invoker.services.clock.now()).await {
                Ok(true) => return Answer::Seen,
                Ok(false) => {}
                Err(error) => return Answer::store_unavailable(&error),
            }
        }
        if let Some(turn) = &mut turn
            && timeout_at(course.until, turn.come()).await.is_err()
        {
            return Answer::order_key_busy();
        }
        let Ok(Ok(_share)) = timeout_at(course.until, ready.share.acquire()).await else {
            return Answer::try_again("overloaded", "the connection has too many webhooks in work");
        };
        self.invoke(connection, ready, &webhook, course).await
    }
}

/// The mark of a handled webhook.
fn mark_of(connection: &Connection, dedupe_key: &str) -> MarkKey {
    let parts = ["webhook", connection.id.as_str(), dedupe_key];
    MarkKey(connection.hash_key.hash16(&parts.map(str::as_bytes)))
}

/// Waits for the run that handles the same webhook already.
async fn follow(wait: Wait<Answer>, until: Instant) -> Answer {
    match timeout_at(until, wait.result()).await {
        Ok(Some(answer)) => answer,
        Ok(None) => Answer::try_again("unavailable", "the run was lost"),
        Err(_) => Answer::try_again("deadline", "the same webhook is being handled"),
    }
}
