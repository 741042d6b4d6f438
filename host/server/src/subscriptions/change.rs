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
        let mut desired = self.desired.lock().await;
        desired.may_delete(id)?;
        // An endpoint that hangs does not make the client wait.
        let position = self.parts.dispatcher.discard(id).await;
        if let Err(error) = self.parts.store.remove_subscription(id).await {
            if let (Some(active), Some(position)) = (self.get(id).and_then(|entry| entry.active.clone()), position) {
                self.parts.dispatcher.put_back(active, position);
            }
            return Err(error.into());
        }
        desired.kept.remove(id);
        self.replace(id, None);
        tracing::info!(subscription = %id, "subscription deleted");
        Ok(())
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
