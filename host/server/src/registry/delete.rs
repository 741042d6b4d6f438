//! `DELETE` of a connection: gone at once, its id free when everything it had is removed.

use std::sync::{Arc, PoisonError};

use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use hookyard_store::{Life, StoreError};

use super::Registry;
use super::desired::Desired;
use crate::connections::{Connection, Origin};

/// Why nothing is deleted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeleteError {
    #[error("there is no such connection")]
    NotFound,
    #[error("hookyard.toml defines this connection")]
    FileDefined,
    #[error("the connection is being deleted")]
    Deleting,
    #[error("the store is unavailable")]
    Unavailable(#[from] StoreError),
}

impl Registry {
    /// Deletes a connection. On return this is durable: it takes no webhooks and runs no actions, and nothing that it has in flight
    /// is kept. In the background its plugin takes its leave of the provider; then everything that the connection had is
    /// removed, but for its events, and its id is free. What a restart interrupts goes on after it.
    ///
    /// # Errors
    /// As [`DeleteError`] says.
    pub(crate) async fn delete(self: &Arc<Self>, id: &ConnectionId) -> Result<(), DeleteError> {
        let mut desired = self.desired.lock().await;
        if desired.settings.connections.contains_key(id) {
            return Err(DeleteError::FileDefined);
        }
        if desired.lives.get(id).is_some_and(|life| life.deleting) {
            return Err(DeleteError::Deleting);
        }
        if !desired.api.contains_key(id) {
            return Err(DeleteError::NotFound);
        }
        self.parts.store.begin_deletion(id).await?;
        let incarnation = desired.lives.get(id).map(|life| life.incarnation).unwrap_or_default();
        desired.lives.insert(id.clone(), Life { connection: id.clone(), incarnation, deleting: true });
        self.deleting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        let leaving = self.connections.get(id);
        self.show([(id.clone(), None)]);
        self.parts.agenda.forget(id);
        tracing::info!(connection = %id, "connection deleted; what it had is being removed");
        self.finish_deletion(id.clone(), leaving);
        Ok(())
    }

    /// A connection whose deletion a restart has interrupted, as far as it can still work: to take its leave.
    pub(super) fn as_it_was(&self, desired: &Desired, id: &ConnectionId) -> Option<Arc<Connection>> {
        let settings = &desired.api.get(id)?.settings;
        let wanted = desired.wanted_although_deleted(id, Origin::Api, settings);
        let catalogue = self.parts.plugins.catalogue();
        Some(Arc::new(self.parts.builder.build(&catalogue, &wanted, self.parts.clock.now()).0))
    }

    /// Does the rest in the background.
    pub(super) fn finish_deletion(self: &Arc<Self>, id: ConnectionId, leaving: Option<Arc<Connection>>) {
        let registry = Arc::clone(self);
        self.spawn(async move {
            if let Some(leaving) = leaving {
                registry.parts.lifecycle.deactivate(&leaving, || true).await;
            }
            while let Err(error) = registry.purge(&id).await {
                not_removed(&id, &error);
                registry.parts.sleep.sleep(limit::TRY_AGAIN_AFTER).await;
            }
        });
    }

    async fn purge(self: &Arc<Self>, id: &ConnectionId) -> Result<(), StoreError> {
        while self.parts.store.purge_connection(id).await? {
            tokio::task::yield_now().await;
        }
        // What was committed just before the deletion began may have been put on the agenda after it.
        self.parts.agenda.forget(id);
        let lives = self.parts.store.lives().await?;
        let mut desired = self.desired.lock().await;
        desired.api.remove(id);
        desired.consents.remove(id);
        desired.held.remove(id);
        desired.lives.remove(id);
        desired.lives.extend(lives.into_iter().filter(|life| life.connection == *id).map(|life| (id.clone(), life)));
        self.deleting.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.parts.builder.tokens.forget(id);
        // What was committed at the last moment, or found in the store while it was being removed, may have come on only now.
        self.parts.agenda.forget(id);
        tracing::info!(connection = %id, "everything that the deleted connection had is removed");
        if !desired.settings.connections.contains_key(id) {
            self.parts.plugins.retain(&desired.held_contents());
            return Ok(());
        }
        drop(desired);
        // The file defines a connection of this id by now.
        self.follow(&self.parts.plugins.catalogue()).await
    }
}

fn not_removed(id: &ConnectionId, error: &StoreError) {
    let error = error as &dyn std::error::Error;
    tracing::error!(connection = %id, error, "what a deleted connection had cannot be removed now");
}
