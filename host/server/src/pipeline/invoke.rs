//! From a verified webhook to its answer: what the plugin is called with, and what is committed beside its effects.

use hookyard_capability::Draft;
use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::invocation::Cause;
use hookyard_domain::webhook::VerifiedWebhook;
use hookyard_sandbox::{Component, Finished, Invocation, Outcome, Sandbox, WebhookRequest, WebhookResponse};

use super::Pipeline;
use super::answer::{Answer, conclude};
use super::course::Course;
use crate::connections::{Connection, Ready};
use crate::invocations::Occasion;
use crate::invoker::{Errand, NotCommitted, Undertaking};

impl Pipeline {
    /// Calls the plugin until its effects are durable, or until it is clear that they will not be.
    pub(super) async fn invoke(
        &self,
        connection: &Connection,
        ready: &Ready,
        webhook: &VerifiedWebhook,
        course: Course,
    ) -> Answer {
        let cause = match webhook.dedupe_key().filter(|_| !course.fresh) {
            Some(key) => Cause::DedupeKey(key.to_owned()),
            None => Cause::Webhook(webhook.id()),
        };
        let errand = Errand {
            connection,
            ready,
            occasion: Occasion::Webhook(webhook.id()),
            cause,
            webhook: Some(webhook.id()),
            traceparent: webhook.traceparent().map(str::to_owned),
            received_at: webhook.received_at(),
            attributes: attributes(webhook),
            attempt: 1,
            until: course.until,
        };
        match self.invoker.until_durable(&errand, &Handle { webhook, course }).await {
            Ok(response) => Answer::Handled(response),
            Err(answer) => answer,
        }
    }
}

/// Has the plugin handle a webhook.
struct Handle<'a> {
    webhook: &'a VerifiedWebhook,
    course: Course,
}

impl Undertaking for Handle<'_> {
    type Returned = Option<WebhookResponse>;
    type Done = Option<WebhookResponse>;
    type Failed = Answer;

    async fn call(
        &self,
        sandbox: &Sandbox,
        component: &Component,
        invocation: Invocation,
    ) -> Finished<Option<WebhookResponse>> {
        sandbox.handle_webhook(component, invocation, request(self.webhook)).await
    }

    fn conclude(&self, outcome: Outcome<Self::Returned>, _sent_unsafe: bool) -> Result<Self::Done, Answer> {
        conclude(outcome)
    }

    fn unusable(failed: &Answer) -> bool {
        matches!(failed, Answer::TryAgain { .. })
    }

    fn join(&self, _: &Self::Done, draft: &mut Draft) {
        if self.course.fresh {
            draft.writes.iter_mut().for_each(forget_dedupe_key);
        }
        if let Some(mark) = self.course.mark {
            draft.guards.push(Guard::MarkAbsent(mark));
            draft.writes.push(Write::Mark(mark));
        }
    }
}

impl From<NotCommitted> for Answer {
    fn from(reason: NotCommitted) -> Self {
        match reason {
            NotCommitted::Seen | NotCommitted::Moved => Self::Seen,
            NotCommitted::Gone => Self::Gone,
            NotCommitted::Conflict { sent_unsafe: false } => {
                Self::try_again("conflict", "others changed the same keys each time")
            }
            NotCommitted::Conflict { sent_unsafe: true } => {
                let detail = "others changed the same keys after the plugin had sent a request that changes something";
                Self::try_again("conflict", detail)
            }
            NotCommitted::Overloaded { .. } => Self::try_again("overloaded", "the store is overloaded"),
            NotCommitted::Unavailable { error, .. } => Self::store_unavailable(&error),
            NotCommitted::Refused(reason) => Self::try_again("invalid-response", reason),
        }
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
