//! `POST` of a subscription.

use std::sync::Arc;

use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use hookyard_domain::secret::Secret;
use hookyard_domain::subscription::{Position, Subscription};
use serde_json::{Map, Value};

use super::build::build;
use super::definition::{self, HeaderValues};
use super::entry::Entry;
use super::error::InvalidDefinition;
use super::kept::{Kept, Seal};
use super::references::{Present, faults};
use super::{ChangeError, Subscriptions, secrets};
use crate::connections::Origin;

impl Subscriptions {
    /// Makes a subscription to every event that is appended from now on. Durable on return. The secret is that of its deliveries,
    /// where they are signed; it is shown this once.
    ///
    /// # Errors
    /// As [`ChangeError`] says.
    pub(crate) async fn create(
        &self,
        document: &Map<String, Value>,
    ) -> Result<(Arc<Entry>, Option<Secret>), ChangeError> {
        let mut desired = self.desired.lock().await;
        let max = limit::API_SUBSCRIPTIONS_MAX;
        if desired.kept.values().filter(|kept| kept.is_of_api()).count() >= max {
            return Err(ChangeError::TooMany { max });
        }
        let (now, entropy) = (self.parts.clock.now(), &*self.parts.entropy);
        let id = SubscriptionId::generate(now, entropy);
        let subscription = self.checked(&id, document)?;
        let seal = self.seal()?;
        let first = if definition::is_signed(&subscription) { secrets::first(entropy) } else { Vec::new() };
        let shown = first.first().map(|first| first.secret.clone());
        let from = *self.parts.store.newest().borrow();
        let kept = Kept::new(&id, Some(definition::write(&subscription, HeaderValues::Plain)), first, now, &seal);
        self.parts.store.save_subscription(kept.record(), from).await?;
        let entry = self.of_api(&id, &kept);
        desired.kept.insert(id.clone(), kept);
        let position =
            Position { subscription: id.clone(), cursor: from, replays: 0, failing_since: None, paused: None };
        let entry = self.show_at(entry, position);
        tracing::info!(subscription = %id, after = %from, "new subscription");
        Ok((entry, shown))
    }

    /// What a document of the API says, with everything that it names there.
    pub(super) fn checked(
        &self,
        id: &SubscriptionId,
        document: &Map<String, Value>,
    ) -> Result<Subscription, ChangeError> {
        let invalid = |wrong| ChangeError::Invalid(InvalidDefinition(wrong));
        let built = build(id, document, Origin::Api, &self.parts.private_addresses).map_err(invalid)?;
        let connections = self.parts.connections.all();
        let present = Present::of(connections.iter().map(|connection| &**connection));
        let unknown = faults(&built.subscription, |id| present.named(id));
        if unknown.is_empty() { Ok(built.subscription) } else { Err(invalid(unknown)) }
    }

    pub(super) fn seal(&self) -> Result<Seal<'_>, ChangeError> {
        let key = self.parts.key.as_ref().map_err(|why| ChangeError::NoKey(why.clone()))?;
        Ok(Seal { key, entropy: &*self.parts.entropy })
    }
}
