//! From what is stored and what the file says to the connections that a host starts with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::plugin::ContentHash;
use hookyard_store::{HeldVersion, Life, Store};
use tokio::task::JoinSet;

use super::desired::{AllConnections, ApiConnection, Desired};
use super::{Parts, Registry};
use crate::config::Settings;
use crate::connections::Connections;
use crate::consents;

impl Registry {
    /// Reads what is stored and builds all connections. Nothing is written and nothing called before
    /// [`Registry::begin`].
    ///
    /// # Errors
    /// The store cannot be read. A record that cannot be opened, or a key that is not there, makes connections invalid instead.
    pub async fn open(parts: Parts, settings: Settings) -> anyhow::Result<(Arc<Self>, Vec<String>)> {
        let records = parts.store.connection_records().await.context("cannot read the connections")?;
        let key = parts.key.as_deref();
        let api = records.into_iter().map(|record| (record.id.clone(), ApiConnection::open(record, key)));
        let desired = Desired {
            settings,
            api: api.collect(),
            consents: consents::read(&*parts.store).await?,
            held: held(&*parts.store).await?,
            lives: lives(&*parts.store).await?,
        };
        let deleting =
            desired.lives.values().filter(|life| life.deleting).map(|life| life.connection.clone()).collect();
        let catalogue = parts.plugins.catalogue();
        let AllConnections { connections, problems } =
            AllConnections::build(&desired, &catalogue, &parts.builder, parts.clock.now());
        let registry = Self {
            parts,
            connections: Arc::new(Connections::from_iter(connections)),
            desired: tokio::sync::Mutex::new(desired),
            deleting: Mutex::new(deleting),
            tasks: Mutex::new(JoinSet::new()),
        };
        Ok((Arc::new(registry), problems))
    }

    /// The connections.
    pub fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
    }

    /// Writes down what the connections that work for the first time are granted, activates all, finishes deletions, and follows the
    /// plugins from now on.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn begin(self: &Arc<Self>) -> anyhow::Result<()> {
        let mut changes = self.parts.plugins.changes();
        {
            let mut desired = self.desired.lock().await;
            let all = self.connections.all();
            self.settle(&mut desired, all.iter().map(|connection| &**connection)).await?;
            for connection in &all {
                if let Some(ready) = &connection.ready {
                    self.parts.agenda.works(&connection.id, ready.by_itself);
                }
                self.parts.lifecycle.begin(connection);
            }
            for id in desired.lives.values().filter(|life| life.deleting).map(|life| life.connection.clone()) {
                self.parts.agenda.forget(&id);
                let leaving = self.as_it_was(&desired, &id);
                self.finish_deletion(id, leaving);
            }
        }
        let registry = Arc::clone(self);
        // What has changed since the connections were built counts as well.
        changes.mark_changed();
        self.spawn(async move { registry.follow_all(changes).await });
        Ok(())
    }
}

async fn held(store: &dyn Store) -> anyhow::Result<BTreeMap<ConnectionId, (PluginName, ContentHash)>> {
    let held = store.held_versions().await.context("cannot read which versions connections work with")?;
    Ok(held.into_iter().map(|HeldVersion { connection, plugin, content }| (connection, (plugin, content))).collect())
}

async fn lives(store: &dyn Store) -> anyhow::Result<BTreeMap<ConnectionId, Life>> {
    let lives = store.lives().await.context("cannot read which connections are being deleted")?;
    Ok(lives.into_iter().map(|life| (life.connection.clone(), life)).collect())
}
