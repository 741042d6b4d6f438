//! The way of a webhook: verify, single flight, order, what is known of it, invoke, one commit, answer.
//!
//! A 2xx means that its effects, or the webhook itself, are durable: what cannot be handled now is kept in the inbox and runs from
//! there. Of a webhook that is answered anything else nothing is kept; the answer says whether to send it again.

mod answer;
mod keep;
mod reception;
mod single_flight;

use std::sync::Arc;

use hookyard_domain::commit::MarkKey;
use hookyard_domain::inbox::Source;
use hookyard_domain::invocation::ErrorKind;
use hookyard_domain::signature::{Receipt, Refused};
use hookyard_domain::webhook::{UnverifiedWebhook, VerifiedWebhook};
use hookyard_sandbox::WebhookResponse;
use tokio::time::timeout_at;
use tracing::Instrument as _;

use crate::agenda::{Agenda, Turn};
use crate::connections::{Connection, Ready};
use crate::handling::{self, Beside, Handling, NotHandled};
use crate::in_work::InWork;
use crate::inbox::Inbox;
use crate::invoker::Invoker;
use crate::unsuccessful::Unsuccessful;
pub use answer::Answer;
use reception::Reception;
use single_flight::{Role, SingleFlight};

/// Carries webhooks from the socket to the store.
pub struct Pipeline {
    invoker: Arc<Invoker>,
    in_work: Arc<InWork>,
    flights: SingleFlight<MarkKey, Answer>,
    agenda: Agenda,
    inbox: Arc<Inbox>,
}

impl Pipeline {
    /// A pipeline with nothing in it.
    pub(crate) fn new(invoker: Arc<Invoker>, agenda: Agenda, inbox: Arc<Inbox>, in_work: Arc<InWork>) -> Self {
        Self { invoker, in_work, flights: SingleFlight::new(), agenda, inbox }
    }

    /// Takes a webhook from the provider through verification, plugin and commit, or into the inbox.
    ///
    /// The work goes on when the caller stops waiting: a provider that hangs up does not undo what was begun.
    pub async fn receive(self: &Arc<Self>, connection: &Arc<Connection>, webhook: UnverifiedWebhook) -> Answer {
        let Some(entry) = connection.ready.as_ref().and_then(|ready| ready.webhook.as_ref()) else {
            return Answer::not_ready();
        };
        match entry.verifier.verify(webhook, self.invoker.services.clock.now()) {
            Ok(Receipt::Webhook(verified)) => self.admit(connection, verified, Source::Provider, false).await,
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

    /// The same for a test webhook of the operator: everything but verification, and it is recorded in any case. A `fresh` one is
    /// handled whatever was handled before, its events are appended whatever was emitted before, and it leaves no mark.
    pub async fn trigger(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        webhook: UnverifiedWebhook,
        fresh: bool,
    ) -> Answer {
        match connection.ready.as_ref().and_then(|ready| ready.webhook.as_ref()) {
            Some(entry) => self.admit(connection, entry.verifier.trust(webhook), Source::Trigger, fresh).await,
            None => Answer::not_ready(),
        }
    }

    /// Takes the webhook's places, in order of receipt, before anything waits.
    async fn admit(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        webhook: VerifiedWebhook,
        source: Source,
        fresh: bool,
    ) -> Answer {
        let received = Reception::begin(connection, webhook, source, fresh, self.inbox.next_place());
        let flight = match received.mark.map(|mark| (mark, self.flights.join(mark))) {
            Some((mark, Role::Follower(wait))) => return self.follow(wait, mark, received.until).await,
            Some((_, Role::Leader(flight))) => Some(flight),
            None => None,
        };
        let key = received.webhook.order_key();
        let turn = match key.map(|key| self.agenda.enter(&connection.id, key, received.place)) {
            Some(None) => return Answer::order_key_busy(),
            turn => turn.flatten(),
        };
        let (pipeline, connection) = (Arc::clone(self), Arc::clone(connection));
        let work = async move {
            let answer = pipeline.run(&connection, &received, turn).await;
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

    async fn run(&self, connection: &Connection, received: &Reception, mut turn: Option<Turn>) -> Answer {
        let Some(ready) = &connection.ready else { return Answer::not_ready() };
        if let Some(answer) = self.known(connection, received.mark).await {
            return answer;
        }
        if reception::on_receipt(ready) || turn.as_mut().is_some_and(|turn| !turn.is_first()) {
            return self.keep_fresh(connection, received, turn).await;
        }
        let Ok(Ok(_share)) = timeout_at(received.until, ready.share.acquire()).await else {
            return Answer::try_again("overloaded", "the connection has too many webhooks in work");
        };
        let seen = self.inbox.activation(connection);
        match self.handle(connection, ready, received).await {
            Ok(response) => Answer::Handled(response),
            Err(NotHandled::Unsuccessful(Unsuccessful::Failed(error))) if error.kind != ErrorKind::Invalid => {
                self.keep_failed(connection, ready, received, (&error, seen), turn).await
            }
            Err(other) => Answer::from(other),
        }
    }

    /// Calls the plugin until its effects are durable, or until it is clear that they will not be.
    async fn handle(
        &self,
        connection: &Connection,
        ready: &Ready,
        received: &Reception,
    ) -> Result<Option<WebhookResponse>, NotHandled> {
        let Reception { webhook, mark, fresh, .. } = received;
        let recorded = received.source == Source::Trigger || self.inbox.keeps_all();
        let keep = recorded.then(|| Box::new(received.to_kept()));
        let beside = Beside::Received { mark: *mark, fresh: *fresh, keep };
        let cause = handling::cause(webhook, *fresh);
        let errand = handling::errand(connection, ready, webhook, cause, 1, received.until);
        let handling = Handling { webhook, beside, clock: &*self.invoker.services.clock };
        self.invoker.until_durable(&errand, &handling).await
    }
}
