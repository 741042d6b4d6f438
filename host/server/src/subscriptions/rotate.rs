//! `rotate-secret` of a subscription.

use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::secret::Secret;

use super::build::built_of_file;
use super::entry::Entry;
use super::{ChangeError, Desired, Subscriptions, definition, secrets};

/// What came of it.
pub(crate) struct Rotated {
    pub(crate) entry: Arc<Entry>,
    /// The new secret, shown this once.
    pub(crate) secret: Secret,
    /// Until when those that were there before sign beside it; `None`: there are none.
    pub(crate) former_until: Option<Timestamp>,
}

impl Subscriptions {
    /// Gives a subscription a new secret, durably. Those that it has sign beside it for so long.
    ///
    /// # Errors
    /// As [`ChangeError`] says.
    pub(crate) async fn rotate(&self, id: &SubscriptionId, overlap: Duration) -> Result<Rotated, ChangeError> {
        let mut desired = self.desired.lock().await;
        self.may_rotate(&desired, id)?;
        let kept = desired.kept.get(id).ok_or_else(|| ChangeError::NotFound(id.clone()))?;
        let (now, entropy) = (self.parts.clock.now(), &*self.parts.entropy);
        // Those that cannot be read sign nothing, so that nothing is lost with them.
        let before = kept.secrets.as_deref().unwrap_or_default();
        let rotated = secrets::rotated(before, overlap, now, entropy);
        let secret = rotated[0].secret.clone();
        let former_until = rotated.get(1).and_then(|former| former.until);
        let kept = kept.changed(None, Some(rotated), now, &self.seal()?);
        let from = *self.parts.store.newest().borrow();
        self.parts.store.save_subscription(kept.record(), from).await?;
        let entry = match desired.file.get(id) {
            Some(settings) => self.of_file(id, settings, &kept),
            None => self.of_api(id, &kept),
        };
        desired.kept.insert(id.clone(), kept);
        let entry = self.show(entry).await?;
        tracing::info!(subscription = %id, "its secret was rotated");
        Ok(Rotated { entry, secret, former_until })
    }

    /// The file gives secrets, or leaves that to the host.
    fn may_rotate(&self, desired: &Desired, id: &SubscriptionId) -> Result<(), ChangeError> {
        if let Some(settings) = desired.file.get(id) {
            return match built_of_file(id, settings, &self.parts.private_addresses) {
                Ok(built) if built.secrets.is_some() => Err(ChangeError::SecretInFile(id.clone())),
                Ok(built) if !definition::is_signed(&built.subscription) => Err(ChangeError::NotSigned(id.clone())),
                Ok(_) => Ok(()),
                Err(problems) => Err(ChangeError::NotWorking(id.clone(), problems.join("; "))),
            };
        }
        desired.of_api(id)?;
        let active = self.get(id).and_then(|entry| entry.active.clone());
        match active.filter(|active| !definition::is_signed(&active.definition)) {
            Some(_) => Err(ChangeError::NotSigned(id.clone())),
            None => Ok(()),
        }
    }
}
