//! From a verified webhook to its answer: call the plugin, commit once, and again from the start after a conflict.

use hookyard_capability::{Draft, Effects, Scope};
use hookyard_domain::commit::{Commit, Guard, Write};
use hookyard_domain::id::InvocationId;
use hookyard_domain::invocation::{Cause, ErrorKind, IdempotencyKeys, InvocationLimits};
use hookyard_domain::limit;
use hookyard_domain::webhook::VerifiedWebhook;
use hookyard_sandbox::{Finished, Invocation, Outcome, WebhookRequest, WebhookResponse};
use hookyard_store::CommitError;
use tokio::time::Instant;

use super::Pipeline;
use super::answer::{Answer, conclude};
use super::course::Course;
use crate::connections::{Connection, Ready};
use crate::invocations::{Record, Subject, word};

impl Pipeline {
    /// Calls the plugin until its effects are durable, or until it is clear that they will not be.
    pub(super) async fn invoke(
        &self,
        connection: &Connection,
        ready: &Ready,
        webhook: &VerifiedWebhook,
        course: Course,
    ) -> Answer {
        for attempt in 1..=1 + limit::CONFLICT_RETRIES_MAX {
            if attempt > 1 {
                self.step_aside(attempt, course).await;
            }
            let invocation = self.invocation(connection, ready, webhook, attempt, course);
            let id = invocation.id;
            let finished = self.sandbox.handle_webhook(&ready.plugin.component, invocation, request(webhook)).await;
            let (concluded, draft) = self.conclude(connection, ready, id, webhook, finished);
            let response = match concluded {
                Ok(response) => response,
                Err(answer) => return answer,
            };
            match self.commit(connection, draft, course).await {
                Ok(()) => {
                    connection.succeeded(self.services.clock.now());
                    return Answer::Handled(response);
                }
                Err(CommitError::MarkPresent) => return Answer::Seen,
                Err(CommitError::KeyMoved { key }) => {
                    tracing::debug!(connection = %connection.id, key, attempt, "commit conflicted");
                }
                Err(CommitError::Overloaded) => return Answer::try_again("overloaded", "the store is overloaded"),
                Err(CommitError::Unavailable(error)) => return Answer::store_unavailable(&error),
                Err(error @ (CommitError::NotANumber { .. } | CommitError::TooLarge { .. })) => {
                    return Answer::try_again("invalid-response", error.to_string());
                }
            }
        }
        Answer::try_again("conflict", "other webhooks changed the same keys each time")
    }

    /// Waits for a random while before a run is repeated, so that runs which have met do not meet again.
    async fn step_aside(&self, attempt: u32, course: Course) {
        let mut random = [0; 4];
        self.services.entropy.fill(&mut random);
        let part = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
        let longest = limit::CONFLICT_WAIT_MAX * 2_u32.saturating_pow(attempt.saturating_sub(2));
        tokio::time::sleep(longest.mul_f64(part).min(course.left())).await;
    }

    fn invocation(
        &self,
        connection: &Connection,
        ready: &Ready,
        webhook: &VerifiedWebhook,
        attempt: u32,
        course: Course,
    ) -> Invocation {
        let cause = match webhook.dedupe_key().filter(|_| !course.fresh) {
            Some(key) => Cause::DedupeKey(key.to_owned()),
            None => Cause::Webhook(webhook.id()),
        };
        let scope = Scope {
            connection: connection.id.clone(),
            plugin: ready.plugin.manifest.plugin(),
            webhook: Some(webhook.id()),
            traceparent: webhook.traceparent().map(str::to_owned),
            hops: 0,
            received_at: webhook.received_at(),
            event_rules: ready.plugin.event_rules.clone(),
        };
        Invocation {
            id: InvocationId::new(self.services.clock.now(), &*self.services.entropy),
            attempt,
            config: ready.guest_config.clone(),
            webhook_url: connection.webhook_url.clone(),
            idempotency: IdempotencyKeys::new(self.services.hash_key.clone(), connection.id.clone(), cause),
            attributes: attributes(webhook),
            limits: InvocationLimits { deadline: course.left(), ..ready.limits },
            effects: Effects::new(scope, self.services.clone()),
        }
    }

    /// Writes down how the invocation went, and splits it into what to answer and what to commit.
    fn conclude(
        &self,
        connection: &Connection,
        ready: &Ready,
        id: InvocationId,
        webhook: &VerifiedWebhook,
        finished: Finished<Option<WebhookResponse>>,
    ) -> (Result<Option<WebhookResponse>, Answer>, Draft) {
        let Finished { outcome, effects, usage } = finished;
        let draft = effects.into_draft();
        let plugin = ready.plugin.manifest.plugin();
        self.metrics.invocation(plugin.name.as_str(), word(&outcome), usage.cpu);
        let subject = Subject { id, connection: connection.id.clone(), plugin, webhook: webhook.id() };
        self.invocations.keep(Record::new(subject, self.services.clock.now(), &outcome, usage, &draft.log));
        if let Outcome::Error(error) = &outcome
            && error.kind == ErrorKind::Unauthorized
        {
            connection.refused(error, self.services.clock.now());
        }
        (conclude(outcome), draft)
    }

    async fn commit(&self, connection: &Connection, draft: Draft, course: Course) -> Result<(), CommitError> {
        let (mut guards, mut writes) = (draft.guards, draft.writes);
        if course.fresh {
            writes.iter_mut().for_each(forget_dedupe_key);
        }
        if let Some(mark) = course.mark {
            guards.push(Guard::MarkAbsent(mark));
            writes.push(Write::Mark(mark));
        }
        if guards.is_empty() && writes.is_empty() {
            return Ok(());
        }
        let commit = Commit { connection: connection.id.clone(), at: self.services.clock.now(), guards, writes };
        let began = Instant::now();
        let committed = self.services.ledger.commit(commit).await?;
        self.metrics.commit(began.elapsed());
        self.metrics.events(connection.id.as_str(), committed.events.iter().flatten().count());
        Ok(())
    }
}

/// Appends the event also if it was appended before.
fn forget_dedupe_key(write: &mut Write) {
    if let Write::Append { dedupe, .. } = write {
        *dedupe = None;
    }
}

fn request(webhook: &VerifiedWebhook) -> WebhookRequest {
    WebhookRequest {
        method: webhook.method().to_owned(),
        path: webhook.path().to_owned(),
        query: webhook.query().to_owned(),
        headers: webhook.headers().iter().map(|(name, value)| (name.clone(), latin1(value))).collect(),
        body: webhook.body().clone(),
    }
}

/// Bytes of 0x80 and above arrive as the code points U+0080 to U+00FF.
fn latin1(value: &[u8]) -> String {
    value.iter().copied().map(char::from).collect()
}

fn attributes(webhook: &VerifiedWebhook) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("webhook-id", webhook.id().to_string()),
        ("received-at", webhook.received_at().to_string()),
        ("verified-by", webhook.verified_by().to_owned()),
    ];
    attributes.extend(webhook.remote_address().map(|address| ("remote-address", address.to_string())));
    attributes.extend(webhook.traceparent().map(|traceparent| ("traceparent", traceparent.to_owned())));
    attributes
}
