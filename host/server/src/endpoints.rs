//! Where events go: the attempts that the dispatcher makes, at URLs and at actions.

mod action;
mod url;

use std::sync::Arc;

use async_trait::async_trait;
use hookyard_capability::EndpointClient;
use hookyard_domain::clock::Clock;
use hookyard_domain::delivery::{AttemptOutcome, Delivery};
use hookyard_domain::entropy::Entropy;
use hookyard_domain::inbox::Reason;
use hookyard_domain::subscription::Endpoint;

use crate::actions::Actions;
use crate::connections::Connections;
use crate::dispatcher::attempt::Attempts;
use crate::subscriptions::active::Active;
use crate::tail::TailEvent;

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
}

/// Makes attempts.
pub(crate) struct Endpoints(Parts);

impl Endpoints {
    /// Nothing was attempted yet.
    pub(crate) const fn new(parts: Parts) -> Self {
        Self(parts)
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
        match &subscription.definition.endpoint {
            Endpoint::Url(endpoint) => url::attempt(&self.0, subscription, endpoint, event).await,
            Endpoint::Action(endpoint) => action::attempt(&self.0, subscription, endpoint, event, delivery).await,
        }
    }
}

/// The CloudEvent as JSON.
fn text(event: &TailEvent) -> &str {
    std::str::from_utf8(event.json()).expect("JSON is UTF-8")
}
