//! A webhook and the plugin that handles it: what the plugin is called with, what its outcome means, and what is committed beside
//! its effects. Receipt and inbox share it.

mod outcome;

use hookyard_capability::Draft;
use hookyard_domain::clock::Clock;
use hookyard_domain::commit::{Guard, MarkKey, Write};
use hookyard_domain::inbox::{InboxEntry, Standing};
use hookyard_domain::invocation::Cause;
use hookyard_domain::webhook::{KeptWebhook, VerifiedWebhook};
use hookyard_sandbox::{Component, Finished, Invocation, Outcome, Sandbox, WebhookRequest, WebhookResponse};
use tokio::time::Instant;

pub(crate) use outcome::NotHandled;

use crate::connections::{Connection, Ready};
use crate::invocations::Occasion;
use crate::invoker::{Errand, Undertaking};

/// Has the plugin handle a webhook.
pub(crate) struct Handling<'a> {
    pub(crate) webhook: &'a VerifiedWebhook,
    pub(crate) beside: Beside<'a>,
    pub(crate) clock: &'a dyn Clock,
}

/// What is committed beside the effects of a webhook that was handled.
pub(crate) enum Beside<'a> {
    /// It has just been received.
    Received {
        /// Says that it was handled; must not be set yet.
        mark: Option<MarkKey>,
        /// Dedupe keys do not count for its events.
        fresh: bool,
        /// It is to be found in the inbox although it was handled at once.
        keep: Option<Box<KeptWebhook>>,
    },
    /// It is in the inbox, and stands there like this.
    Kept(&'a InboxEntry),
}

/// For whom and why the plugin is called. `cause`, and with it every idempotency key, stays the same over all runs.
pub(crate) fn errand<'a>(
    connection: &'a Connection,
    ready: &'a Ready,
    webhook: &VerifiedWebhook,
    cause: Cause,
    attempt: u32,
    until: Instant,
) -> Errand<'a> {
    Errand {
        connection,
        ready,
        occasion: Occasion::Webhook(webhook.id()),
        cause,
        webhook: Some(webhook.id()),
        traceparent: webhook.traceparent().map(str::to_owned),
        hops: 0,
        received_at: webhook.received_at(),
        attributes: attributes(webhook),
        attempt,
        until,
        is_news: true,
    }
}

/// The cause of a webhook's runs. Of a `fresh` one its dedupe key does not count.
pub(crate) fn cause(webhook: &VerifiedWebhook, fresh: bool) -> Cause {
    match webhook.dedupe_key().filter(|_| !fresh) {
        Some(key) => Cause::DedupeKey(key.to_owned()),
        None => Cause::Webhook(webhook.id()),
    }
}

impl Undertaking for Handling<'_> {
    type Returned = Option<WebhookResponse>;
    /// The response, if the plugin gave one; its status is 2xx.
    type Done = Option<WebhookResponse>;
    type Failed = NotHandled;

    async fn call(
        &self,
        sandbox: &Sandbox,
        component: &Component,
        invocation: Invocation,
    ) -> Finished<Option<WebhookResponse>> {
        sandbox.handle_webhook(component, invocation, request(self.webhook)).await
    }

    fn conclude(&self, outcome: Outcome<Self::Returned>, _sent_unsafe: bool) -> Result<Self::Done, NotHandled> {
        NotHandled::conclude(outcome)
    }

    fn unusable(failed: &NotHandled) -> bool {
        failed.is_unusable()
    }

    fn join(&self, _: &Self::Done, draft: &mut Draft) {
        let now = self.clock.now();
        if self.beside.is_fresh() {
            forget_dedupe_keys(&mut draft.writes);
        }
        match &self.beside {
            Beside::Received { mark, fresh: _, keep } => {
                draft.guards.extend(mark.map(Guard::MarkAbsent));
                draft.writes.extend(mark.map(Write::Mark));
                let standing = Box::new(Standing::handled_at_once(now));
                draft.writes.extend(keep.clone().map(|webhook| Write::Keep { webhook, standing }));
            }
            Beside::Kept(entry) => {
                let id = entry.webhook.id;
                draft.guards.push(Guard::WebhookAt { id, version: entry.version });
                draft.writes.extend(entry.webhook.dedupe.as_ref().map(|(_, mark)| Write::Mark(*mark)));
                draft.writes.push(Write::Settle { id, standing: Box::new(entry.standing.handled(now)) });
            }
        }
    }
}

impl Beside<'_> {
    /// Whether dedupe keys do not count for the events.
    fn is_fresh(&self) -> bool {
        match self {
            Self::Received { fresh, .. } => *fresh,
            Self::Kept(entry) => entry.webhook.fresh,
        }
    }
}

/// Appends events also if they were appended before.
pub(crate) fn forget_dedupe_keys(writes: &mut [Write]) {
    for write in writes {
        if let Write::Append { dedupe, .. } = write {
            *dedupe = None;
        }
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
