//! `PATCH` and `DELETE` of a subscription.

use std::sync::Arc;

use hookyard_domain::id::SubscriptionId;
use hookyard_domain::secret::Secret;
use serde_json::{Map, Value};

use super::definition::{self, HeaderValues};
use super::entry::Entry;
use super::{ChangeError, Desired, Subscriptions, secrets};

impl Subscriptions {
    /// Changes a subscription by a JSON merge patch (RFC 7396). Durable on return. It goes on where it stands; what was read and not
    /// tried yet is judged by what it is then. The secret is there where deliveries are to be signed that were not before.
    ///
    /// # Errors
    /// As [`ChangeError`] says.
    pub(crate) async fn change(
        &self,
        id: &SubscriptionId,
        patch: Map<String, Value>,
    ) -> Result<(Arc<Entry>, Option<Secret>), ChangeError> {
        let mut desired = self.desired.lock().await;
        let kept = desired.of_api(id)?;
        let before = match &kept.document {
            Some(Ok(document)) => document,
            Some(Err(why)) => return Err(ChangeError::Unreadable(id.clone(), why.clone())),
            None => return Err(ChangeError::NotFound(id.clone())),
        };
        let subscription = self.checked(id, &definition::merge(before, patch))?;
        let document = definition::write(&subscription, HeaderValues::Plain);
        if let Some(entry) = self.get(id).filter(|entry| entry.active.is_some() && document == *before) {
            return Ok((entry, None));
        }
        let is_without = kept.secrets.as_ref().is_ok_and(Vec::is_empty);
        let first = (is_without && definition::is_signed(&subscription)).then(|| secrets::first(&*self.parts.entropy));
        let shown = first.as_ref().and_then(|first| first.first()).map(|first| first.secret.clone());
        let kept = kept.changed(Some(document), first, self.parts.clock.now(), &self.seal()?);
        // The place from which a new one begins does not move one that is there.
        let from = *self.parts.store.newest().borrow();
        self.parts.store.save_subscription(kept.record(), from).await?;
        let entry = self.of_api(id, &kept);
        desired.kept.insert(id.clone(), kept);
        let entry = self.show(entry).await?;
        tracing::info!(subscription = %id, "subscription changed");
        Ok((entry, shown))
    }

    /// Deletes a subscription, where it stands and its deliveries; also what is kept of one that was taken out of the file. Durable on
    /// return: nothing more is delivered to it.
    ///
    /// # Errors
    /// As [`ChangeError`] says.
    pub(crate) async fn delete(&self, id: &SubscriptionId) -> Result<(), ChangeError> {
        self.desired.lock().await.may_delete(id)?;
        // Its attempts end first. However long that takes, it holds up no change of another one.
        self.parts.dispatcher.remove(id).await;
        let mut desired = self.desired.lock().await;
        if let Err(refused) = desired.may_delete(id) {
            self.go_on(id).await;
            return Err(refused);
        }
        // Another change may have had it work again meanwhile.
        self.parts.dispatcher.remove(id).await;
        if let Err(error) = self.parts.store.remove_subscription(id).await {
            self.go_on(id).await;
            return Err(error.into());
        }
        desired.kept.remove(id);
        self.replace(id, None);
        tracing::info!(subscription = %id, "subscription deleted");
        Ok(())
    }

    /// Has one be delivered to again that could not be deleted, if that can be: else from the next start.
    async fn go_on(&self, id: &SubscriptionId) {
        let active = self.get(id).and_then(|entry| entry.active.clone());
        if let (Some(active), Ok(Some(position))) = (active, self.position(id).await) {
            self.parts.dispatcher.put(active, position);
        }
    }
}

impl Desired {
    /// Clients delete what the API made, and what is kept of one that was taken out of the file.
    fn may_delete(&self, id: &SubscriptionId) -> Result<(), ChangeError> {
        if self.file.contains_key(id) {
            return Err(ChangeError::FileDefined(id.clone()));
        }
        if self.kept.contains_key(id) { Ok(()) } else { Err(ChangeError::NotFound(id.clone())) }
    }

    /// What is kept of a subscription that clients may change.
    pub(super) fn of_api(&self, id: &SubscriptionId) -> Result<&super::Kept, ChangeError> {
        if self.file.contains_key(id) {
            return Err(ChangeError::FileDefined(id.clone()));
        }
        match self.kept.get(id) {
            Some(kept) if kept.is_of_api() => Ok(kept),
            Some(_) => Err(ChangeError::TakenOut(id.clone())),
            None => Err(ChangeError::NotFound(id.clone())),
        }
    }
}
