//! The file is read again.

use std::collections::BTreeSet;
use std::sync::Arc;

use hookyard_domain::id::ConnectionId;
use hookyard_store::StoreError;

use super::Registry;
use super::desired::Desired;
use crate::config::Settings;
use crate::connections::{Connection, Origin};

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Connections that are new.
    pub added: Vec<ConnectionId>,
    /// Connections that changed.
    pub changed: Vec<ConnectionId>,
    /// Connections that are in the file no more.
    pub removed: Vec<ConnectionId>,
    /// Connections whose new settings are wrong, and that work on with the ones they had.
    pub kept: Vec<ConnectionId>,
    /// What is wrong, each with file, line and the way out.
    pub problems: Vec<String>,
    /// Names of settings that have changed and that only a restart applies.
    pub needs_restart: Vec<&'static str>,
}

impl Reloaded {
    /// Tells the operator.
    pub fn log(&self) {
        self.problems.iter().for_each(|problem| tracing::error!("{problem}"));
        for id in &self.kept {
            tracing::error!(connection = %id, "works on with the settings it had, because the new ones are wrong");
        }
        if !self.needs_restart.is_empty() {
            let settings = self.needs_restart.join(", ");
            tracing::warn!(settings, "these settings have changed, which only a restart applies");
        }
        let list = |ids: &[ConnectionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (added, changed, removed) = (list(&self.added), list(&self.changed), list(&self.removed));
        tracing::info!(added, changed, removed, "configuration read again");
    }
}

impl Registry {
    /// Applies the connections of a file that was read again. Those that are the same go on undisturbed. One that works and whose
    /// new settings are wrong works on with the old ones until the next restart; a new one that is wrong is invalid. What a
    /// connection that is taken out of the file had (keys, marks, consent) stays, for when it comes back.
    ///
    /// # Errors
    /// The store cannot write; nothing has changed.
    pub async fn reload(self: &Arc<Self>, newer: Settings) -> Result<Reloaded, StoreError> {
        let mut desired = self.desired.lock().await;
        let mut outcome = Reloaded { needs_restart: desired.settings.needs_restart(&newer), ..Reloaded::default() };
        let catalogue = self.parts.plugins.catalogue();
        let now = self.parts.clock.now();
        let mut settings =
            Settings { connections: newer.connections, problems: newer.problems, ..desired.settings.clone() };
        for id in &newer.unlisted {
            let works = self.connections.get(id).is_some_and(|shown| shown.prepared.is_some());
            if let Some(old) = desired.settings.connections.get(id).filter(|_| works) {
                outcome.kept.push(id.clone());
                settings.connections.insert(id.clone(), old.clone());
            }
        }
        let mut changes = Vec::new();
        for (id, new) in &mut settings.connections {
            let old = desired.settings.connections.get(id);
            let shown = self.connections.get(id);
            let works = shown.as_ref().is_some_and(|shown| shown.prepared.is_some());
            if works && old.is_some_and(|old| old.is_same(new)) {
                continue;
            }
            let Some(wanted) = desired.wanted_with(id, Origin::File, new) else { continue };
            let (connection, faults) = self.parts.builder.build(&catalogue, &wanted, now);
            outcome.problems.extend(faults.iter().map(|fault| fault.line.clone()));
            match old.filter(|_| works && connection.prepared.is_none()) {
                Some(old) => {
                    outcome.kept.push(id.clone());
                    *new = old.clone();
                }
                None => {
                    match old {
                        Some(old) if old.is_same(new) => {}
                        Some(_) => outcome.changed.push(id.clone()),
                        None => outcome.added.push(id.clone()),
                    }
                    changes.push(connection);
                }
            }
        }
        outcome.removed = removed(&desired, &settings);
        let returning = self.of_api_again(&desired, &outcome.removed);
        let changes = changes.into_iter().chain(returning).collect::<Vec<_>>();
        self.settle(&mut desired, changes.iter()).await?;
        desired.settings = settings;
        outcome.problems.extend(desired.problems());
        let shown: BTreeSet<_> = changes.iter().map(|connection| connection.id.clone()).collect();
        let gone = outcome.removed.iter().filter(|id| !shown.contains(*id)).map(|id| (id.clone(), None));
        let changes = changes.into_iter().map(|connection| (connection.id.clone(), Some(connection)));
        self.show(changes.chain(gone).collect::<Vec<_>>());
        self.parts.plugins.retain(&desired.held_contents());
        Ok(outcome)
    }

    /// Connections of the API that the file has hidden until now.
    fn of_api_again(&self, desired: &Desired, removed: &[ConnectionId]) -> Vec<Connection> {
        let catalogue = self.parts.plugins.catalogue();
        let of_api = removed.iter().filter_map(|id| {
            let settings = &desired.api.get(id)?.settings;
            let wanted = desired.wanted_with(id, Origin::Api, settings)?;
            Some(self.parts.builder.build(&catalogue, &wanted, self.parts.clock.now()).0)
        });
        of_api.collect()
    }
}

fn removed(desired: &Desired, newer: &Settings) -> Vec<ConnectionId> {
    let before = desired.settings.connections.keys();
    before.filter(|id| !newer.connections.contains_key(*id)).cloned().collect()
}
