//! The steps that every change ends with: what connections work with is made durable, then they are shown, then acted upon.

use std::collections::BTreeMap;
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
        let first = connections.clone().filter_map(|connection| {
            let known =
                desired.consents.get(&connection.id).is_some_and(|(plugin, _)| *plugin == connection.plugin_name);
            let ready = connection.ready.as_ref().filter(|_| !known)?;
            Some((connection.id.clone(), (connection.plugin_name.clone(), Ask::of(&ready.plugin.manifest))))
        });
        let first = first.collect();
        self.grant(desired, first).await?;
        let moved: Vec<_> = connections.filter_map(|connection| moved(desired, connection)).collect();
        self.hold(desired, moved).await
    }

    /// Writes down what connections are granted, each by its plugin; all at once, because the first start of a host with many
    /// connections waits for it.
    pub(super) async fn grant(
        &self,
        desired: &mut Desired,
        asked: BTreeMap<ConnectionId, (PluginName, Ask)>,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        consents::record(&*self.parts.store, &asked, self.parts.clock.now()).await?;
        desired.consents.extend(asked);
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
    /// anew, lets go on what waits for those that work, and has those take their leave that the operator has switched off.
    pub(super) fn show(self: &Arc<Self>, changes: impl IntoIterator<Item = (ConnectionId, Option<Connection>)>) {
        let (mut shown, mut begun, mut disabled, mut working) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
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
                working.extend(connection.ready.as_ref().map(|ready| (id.clone(), ready.by_itself)));
                disabled.extend(old.filter(|old| old.ready.is_some() && !connection.enabled));
            }
            shown.push((id, connection));
        }
        self.connections.replace_all(shown);
        working.iter().for_each(|(id, by_itself)| self.parts.agenda.works(id, *by_itself));
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
