//! Where events go: the attempts that the dispatcher makes, at URLs and at actions.

mod action;
mod rate;
mod url;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hookyard_capability::{EndpointClient, Sleep};
use hookyard_domain::clock::Clock;
use hookyard_domain::delivery::{AttemptOutcome, Delivery};
use hookyard_domain::entropy::Entropy;
use hookyard_domain::inbox::Reason;
use hookyard_domain::limit;
use hookyard_domain::subscription::Endpoint;

use crate::actions::Actions;
use crate::connections::Connections;
use crate::dispatcher::attempt::Attempts;
use crate::subscriptions::active::Active;
use crate::tail::TailEvent;
use rate::Rates;

/// What attempts are made with.
pub(crate) struct Parts {
    /// To URLs.
    pub(crate) client: EndpointClient,
    /// To actions.
    pub(crate) actions: Arc<Actions>,
    /// Whose actions they are.
    pub(crate) connections: Arc<Connections>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) sleep: Arc<dyn Sleep>,
}

/// Makes attempts.
pub(crate) struct Endpoints {
    parts: Parts,
    /// Of URLs, by subscription.
    per_second: Rates<()>,
    /// Of actions, by subscription and subject.
    per_minute: Rates<Arc<str>>,
}

impl Endpoints {
    /// Nothing was attempted yet.
    pub(crate) fn new(parts: Parts) -> Self {
        let per_second = Rates::new(Duration::from_secs(1), 1);
        let per_minute = Rates::new(Duration::from_secs(60), limit::FLOW_SUBJECTS_REMEMBERED_MAX);
        Self { parts, per_second, per_minute }
    }

    /// Waits until the attempt may begin, where the operator bounds how many do.
    async fn take_turn(&self, subscription: &Active, event: &TailEvent) {
        let (id, now) = (&subscription.definition.id, self.parts.clock.now());
        let begins = match &subscription.definition.endpoint {
            Endpoint::Url(url) => {
                let Some(at_most) = url.max_per_second else { return };
                self.per_second.take(id, (), at_most, now)
            }
            Endpoint::Action(action) => {
                // What is about nothing leads back to nothing.
                let Some(subject) = &event.logged.event.subject else { return };
                self.per_minute.take(id, subject.as_str().into(), action.max_per_minute_and_subject, now)
            }
        };
        let wait = u64::try_from(begins.as_millis().saturating_sub(now.as_millis())).unwrap_or(0);
        if wait > 0 {
            self.parts.sleep.sleep(Duration::from_millis(wait)).await;
        }
    }
}

#[async_trait]
impl Attempts for Endpoints {
    fn wants(&self, subscription: &Active, event: &TailEvent) -> Result<bool, Reason> {
        // Without a condition, nobody needs the event as JSON.
        if subscription.definition.when.is_none() {
            return Ok(true);
        }
        subscription.flow.wants(text(event))
    }

    async fn attempt(&self, subscription: &Active, event: &TailEvent, delivery: &Delivery) -> AttemptOutcome {
        self.take_turn(subscription, event).await;
        match &subscription.definition.endpoint {
            Endpoint::Url(endpoint) => url::attempt(&self.parts, subscription, endpoint, event).await,
            Endpoint::Action(endpoint) => action::attempt(&self.parts, subscription, endpoint, event, delivery).await,
        }
    }
}

/// The CloudEvent as JSON.
fn text(event: &TailEvent) -> &str {
    std::str::from_utf8(event.json()).expect("JSON is UTF-8")
}
