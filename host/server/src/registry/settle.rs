//! The steps that every change ends with: what connections work with is made durable, then they are shown, then acted upon.

use std::sync::Arc;

use hookyard_domain::grant::Ask;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_store::{HeldVersion, StoreError};

use super::Registry;
use super::desired::Desired;
use crate::connections::Connection;
use crate::consents;

impl Registry {
    /// Writes down which version each of these works with, and what those that work for the first time are granted. Durable
    /// on return.
    pub(super) async fn settle<'c>(
        &self,
        desired: &mut Desired,
        connections: impl Iterator<Item = &'c Connection> + Clone + Send,
    ) -> Result<(), StoreError> {
        for connection in connections.clone() {
            let known =
                desired.consents.get(&connection.id).is_some_and(|(plugin, _)| *plugin == connection.plugin_name);
            if let Some(ready) = connection.ready.as_ref().filter(|_| !known) {
                let ask = Ask::of(&ready.plugin.manifest);
                self.grant(desired, &connection.id, &connection.plugin_name, ask).await?;
            }
        }
        let moved: Vec<_> = connections.filter_map(|connection| moved(desired, connection)).collect();
        self.hold(desired, moved).await
    }

    /// Writes down what one connection is granted.
    pub(super) async fn grant(
        &self,
        desired: &mut Desired,
        id: &ConnectionId,
        plugin: &PluginName,
        ask: Ask,
    ) -> Result<(), StoreError> {
        consents::record(&*self.parts.store, id, plugin, &ask, self.parts.clock.now()).await?;
        desired.consents.insert(id.clone(), (plugin.clone(), ask));
        Ok(())
    }

    /// A version that no connection holds any more is let go.
    async fn hold(&self, desired: &mut Desired, moved: Vec<HeldVersion>) -> Result<(), StoreError> {
        if moved.is_empty() {
            return Ok(());
        }
        self.parts.store.hold_versions(moved.clone()).await?;
        let moved =
            moved.into_iter().map(|HeldVersion { connection, plugin, content }| (connection, (plugin, content)));
        desired.held.extend(moved);
        self.parts.plugins.retain(&desired.held_contents());
        Ok(())
    }

    /// Shows these connections in place of those with the same ids (`None`: nothing in their place), activates those that begin
    /// anew, and has those take their leave that the operator has switched off.
    pub(super) fn show(self: &Arc<Self>, changes: impl IntoIterator<Item = (ConnectionId, Option<Connection>)>) {
        let (mut shown, mut begun, mut disabled) = (Vec::new(), Vec::new(), Vec::new());
        for (id, connection) in changes {
            let old = self.connections.get(&id);
            let connection = connection.map(|connection| {
                Arc::new(match &old {
                    Some(old) => connection.succeed(old),
                    None => connection,
                })
            });
            if let Some(connection) = &connection {
                if !old.as_ref().is_some_and(|old| connection.continues(old)) {
                    begun.push(Arc::clone(connection));
                }
                disabled.extend(old.filter(|old| old.ready.is_some() && !connection.enabled));
            }
            shown.push((id, connection));
        }
        self.connections.replace_all(shown);
        begun.iter().for_each(|connection| self.parts.lifecycle.begin(connection));
        for old in disabled {
            let registry = Arc::clone(self);
            self.spawn(async move {
                let still_disabled = || registry.connections.get(&old.id).is_none_or(|now| !now.enabled);
                registry.parts.lifecycle.deactivate(&old, still_disabled).await;
            });
        }
    }
}

/// One that has never worked does not hold a version.
fn moved(desired: &Desired, connection: &Connection) -> Option<HeldVersion> {
    let works_with = connection.prepared.as_ref()?;
    let (plugin, content) = (&connection.plugin_name, works_with.plugin.component.hash());
    let held = desired.held.get(&connection.id);
    let begins = connection.ready.is_some() || held.is_some();
    let same = held.is_some_and(|(known, held)| known == plugin && *held == content);
    let version = HeldVersion { connection: connection.id.clone(), plugin: plugin.clone(), content };
    (begins && !same).then_some(version)
}
