//! The file is read again.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use hookyard_domain::id::SubscriptionId;

use super::{ChangeError, Subscriptions};
use crate::config::SubscriptionSettings;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Subscriptions that are new.
    pub added: Vec<SubscriptionId>,
    /// Subscriptions that changed.
    pub changed: Vec<SubscriptionId>,
    /// Subscriptions that are in the file no more.
    pub removed: Vec<SubscriptionId>,
    /// Subscriptions whose new text is wrong, and that work on with the one they had.
    pub kept: Vec<SubscriptionId>,
    /// What is wrong, each with file, line and the way out.
    pub problems: Vec<String>,
}

impl Reloaded {
    /// Tells the operator.
    pub fn log(&self) {
        self.problems.iter().for_each(|problem| tracing::error!("{problem}"));
        for id in &self.kept {
            tracing::error!(subscription = %id, "works on with the text it had, because the new one is wrong");
        }
        for id in &self.removed {
            tracing::info!(subscription = %id, "is in the file no more; what it had is kept until it comes back, or is deleted");
        }
        let list = |ids: &[SubscriptionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (added, changed, removed) = (list(&self.added), list(&self.changed), list(&self.removed));
        tracing::info!(added, changed, removed, "subscriptions of the file read again");
    }
}

impl Subscriptions {
    /// Applies the subscriptions of a file that was read again. Those that are the same go on undisturbed. One that works and whose new
    /// text is wrong works on with the old one; a new one that is wrong is invalid. What one that is taken out had stays, for when it
    /// comes back.
    ///
    /// # Errors
    /// The store cannot be read or written. What was applied before stays so, and the rest is as it was.
    pub async fn reload(&self, newer: BTreeMap<SubscriptionId, SubscriptionSettings>) -> Result<Reloaded, ChangeError> {
        let mut desired = self.desired.lock().await;
        let removed = desired.file.keys().filter(|id| !newer.contains_key(*id)).cloned().collect();
        let mut outcome = Reloaded { removed, ..Reloaded::default() };
        for id in &outcome.removed {
            self.replace(id, None);
            desired.file.remove(id);
        }
        // All at once, because each takes as long as its attempts in flight.
        join_all(outcome.removed.iter().map(|id| self.parts.dispatcher.remove(id))).await;
        for (id, settings) in newer {
            let old = desired.file.get(&id);
            let works = self.get(&id).is_some_and(|entry| entry.active.is_some());
            if works && old.is_some_and(|old| old.is_same(&settings)) {
                // It may stand elsewhere now.
                desired.file.insert(id, settings);
                continue;
            }
            let (is_known, is_same) = (old.is_some(), old.is_some_and(|old| old.document == settings.document));
            let entry = self.first_seen(&id, &settings, &mut desired.kept).await?;
            outcome.problems.extend(self.problems_of([&entry]).into_iter().flatten());
            if works && entry.active.is_none() {
                outcome.kept.push(id);
                continue;
            }
            self.show(entry).await?;
            desired.file.insert(id.clone(), settings);
            match (is_known, is_same) {
                (true, true) => {}
                (true, false) => outcome.changed.push(id),
                (false, _) => outcome.added.push(id),
            }
        }
        Ok(outcome)
    }
}
