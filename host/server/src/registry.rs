//! The one place that changes connections while the host runs. Every change is computed, made durable, shown in one step,
//! and only then acted upon; one at a time.

mod consent;
mod delete;
mod desired;
mod follow;
mod grants;
mod reload;
mod seal;
mod sent;
mod set;
mod settle;
mod start;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_capability::Sleep;
use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::ConnectionId;
use hookyard_store::Store;
use tokio::task::JoinSet;

use crate::agenda::Agenda;
use crate::connections::{Builder, Connections};
use crate::in_work::InWork;
use crate::lifecycle::Lifecycle;
use crate::master_key::Sealing;
use crate::plugins::Plugins;

pub(crate) use consent::ConsentError;
pub(crate) use delete::DeleteError;
pub use desired::AllConnections;
pub(crate) use grants::to_json as grants_to_json;
pub use reload::Reloaded;
pub(crate) use sent::Sent;
pub(crate) use set::{Done, SetError};

use desired::Desired;

/// What a registry works with.
pub struct Parts {
    /// Where everything is made durable.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for sealing.
    pub entropy: Arc<dyn Entropy>,
    /// How waiting is done.
    pub sleep: Arc<dyn Sleep>,
    /// The plugins, over time.
    pub plugins: Arc<Plugins>,
    /// Makes connections of what the operator wants.
    pub builder: Builder,
    /// Activates them.
    pub lifecycle: Arc<Lifecycle>,
    /// Seals the configs that come in through the API; the text says why there is none.
    pub(crate) key: Sealing,
    /// What they have to do.
    pub(crate) agenda: Agenda,
    /// What goes on although nobody may be waiting for it.
    pub in_work: Arc<InWork>,
}

/// What is wanted of connections, and the connections that come of it.
pub struct Registry {
    parts: Parts,
    connections: Arc<Connections>,
    desired: tokio::sync::Mutex<Desired>,
    /// The ids that are not free before a deletion has come to its end.
    deleting: Mutex<BTreeSet<ConnectionId>>,
    tasks: Mutex<JoinSet<()>>,
}

impl Registry {
    /// Whether this id was deleted, and what it had is still being removed.
    pub(crate) fn is_deleting(&self, id: &ConnectionId) -> bool {
        self.deleting.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// Ends what it does in the background. What was not finished goes on at the next start.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "changing connections panicked");
            }
        }
        tasks.spawn(work);
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("connections", &self.connections).finish_non_exhaustive()
    }
}
