//! The subscriptions of the file and of the API, right and wrong ones. The one place that changes what they are; how far they have
//! come is the dispatcher's.

pub(crate) mod active;
mod build;
mod change;
mod check;
mod create;
mod definition;
mod entry;
mod error;
mod kept;
mod operate;
mod references;
mod reload;
mod rotate;
mod secrets;
mod start;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::subscription::Position;
use hookyard_store::{Store, StoreError};
use ipnet::IpNet;

use crate::config::SubscriptionSettings;
use crate::connections::Connections;
use crate::dispatcher::Dispatcher;
use crate::master_key::Sealing;

pub(crate) use check::problems_of_file;
pub(crate) use entry::Entry;
pub use error::ChangeError;
pub(crate) use operate::ReplayFrom;
pub use reload::Reloaded;
pub(crate) use rotate::Rotated;

use kept::Kept;

/// What subscriptions work with.
pub struct Parts {
    /// Where they are made durable.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for names, secrets and sealing.
    pub entropy: Arc<dyn Entropy>,
    /// What they name.
    pub connections: Arc<Connections>,
    /// Delivers to them.
    pub dispatcher: Arc<Dispatcher>,
    /// Seals their definitions and secrets; the text says why there is none.
    pub(crate) key: Sealing,
    /// `egress.private_addresses`.
    pub private_addresses: Vec<IpNet>,
}

/// What is wanted of subscriptions, and the subscriptions that come of it.
pub struct Subscriptions {
    parts: Parts,
    shown: ArcSwap<BTreeMap<SubscriptionId, Arc<Entry>>>,
    /// Held while anything changes what a subscription is, so that one change comes after the other.
    desired: tokio::sync::Mutex<Desired>,
}

/// What the operator wants, as far as it is durable.
#[derive(Default)]
struct Desired {
    /// The subscriptions of the file that was last applied.
    file: BTreeMap<SubscriptionId, SubscriptionSettings>,
    /// What is kept of these, of those of the API, and of those that the file had before.
    kept: BTreeMap<SubscriptionId, Kept>,
}

impl Subscriptions {
    /// The subscription of this name.
    pub(crate) fn get(&self, id: &SubscriptionId) -> Option<Arc<Entry>> {
        self.shown.load().get(id).cloned()
    }

    /// All, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Entry>> {
        self.shown.load().values().cloned().collect()
    }

    /// Shows a subscription in place of the one with its name, and has the dispatcher deliver to it, or no more.
    async fn show(&self, entry: Entry) -> Result<Arc<Entry>, StoreError> {
        match (&entry.active, self.position(&entry.id).await?) {
            (Some(_), Some(position)) => Ok(self.show_at(entry, position)),
            (Some(_), None) | (None, _) => {
                self.parts.dispatcher.remove(&entry.id).await;
                let entry = Arc::new(entry);
                self.replace(&entry.id, Some(Arc::clone(&entry)));
                Ok(entry)
            }
        }
    }

    /// The same for one of which it is known where it stands.
    fn show_at(&self, entry: Entry, position: Position) -> Arc<Entry> {
        let entry = Arc::new(entry);
        if let Some(active) = &entry.active {
            self.parts.dispatcher.put(Arc::clone(active), position);
        }
        self.replace(&entry.id, Some(Arc::clone(&entry)));
        entry
    }

    fn replace(&self, id: &SubscriptionId, entry: Option<Arc<Entry>>) {
        let mut shown = BTreeMap::clone(&self.shown.load());
        match entry {
            Some(entry) => shown.insert(id.clone(), entry),
            None => shown.remove(id),
        };
        self.shown.store(Arc::new(shown));
    }

    /// Where a subscription stands; `None` when nothing is kept of it.
    async fn position(&self, id: &SubscriptionId) -> Result<Option<Position>, StoreError> {
        if let Some(status) = self.parts.dispatcher.status(id) {
            return Ok(Some(status.position));
        }
        let positions = self.parts.store.positions().await?;
        Ok(positions.into_iter().find(|position| position.subscription == *id))
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriptions").field("names", &self.shown.load().keys()).finish_non_exhaustive()
    }
}
