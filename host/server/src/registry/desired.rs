//! What is wanted of connections, and what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::grant::Ask;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::plugin::ContentHash;
use hookyard_store::Life;

use crate::config::{ConnectionSettings, Settings};
use crate::connections::{Builder, Connection, Origin, Wanted};
use crate::plugins::Catalogue;

/// What the operator wants, as far as it is durable, and the catalogue that was last followed.
#[derive(Debug)]
pub(super) struct Desired {
    /// The settings of the file that was last applied.
    pub(super) settings: Settings,
    /// What came in through the API.
    pub(super) api: BTreeMap<ConnectionId, ApiConnection>,
    /// What was consented to, each with the plugin that asked.
    pub(super) consents: BTreeMap<ConnectionId, (PluginName, Ask)>,
    /// The version that each connection works with.
    pub(super) held: BTreeMap<ConnectionId, (PluginName, ContentHash)>,
    /// Ids that were deleted before.
    pub(super) lives: BTreeMap<ConnectionId, Life>,
}

/// A connection that came in through the API.
#[derive(Debug, Clone)]
pub(super) struct ApiConnection {
    pub(super) settings: ConnectionSettings,
    /// Its config as it is stored.
    pub(super) sealed: Vec<u8>,
    /// Whether the stored record could be read. One that could not is kept as it is.
    pub(super) readable: bool,
    pub(super) created_at: Timestamp,
}

impl Desired {
    /// Everything that is to be a connection.
    pub(super) fn ids(&self) -> BTreeSet<ConnectionId> {
        self.settings.connections.keys().chain(self.api.keys()).cloned().collect()
    }

    /// What is wanted of one connection; `None` where nothing is, or where what it had before is still being removed.
    pub(super) fn wanted<'a>(&'a self, id: &'a ConnectionId) -> Option<Wanted<'a>> {
        let of_file = self.settings.connections.get(id).map(|settings| (Origin::File, settings));
        let of_api = || self.api.get(id).map(|connection| (Origin::Api, &connection.settings));
        let (origin, settings) = of_file.or_else(of_api)?;
        self.wanted_with(id, origin, settings)
    }

    /// The same with these settings.
    pub(super) fn wanted_with<'a>(
        &'a self,
        id: &'a ConnectionId,
        origin: Origin,
        settings: &'a ConnectionSettings,
    ) -> Option<Wanted<'a>> {
        let is_deleting = self.lives.get(id).is_some_and(|life| life.deleting);
        (!is_deleting).then(|| self.wanted_although_deleted(id, origin, settings))
    }

    /// The same for one that takes its leave.
    pub(super) fn wanted_although_deleted<'a>(
        &'a self,
        id: &'a ConnectionId,
        origin: Origin,
        settings: &'a ConnectionSettings,
    ) -> Wanted<'a> {
        let same = |plugin: &PluginName| *plugin == settings.plugin;
        Wanted {
            id,
            origin,
            settings,
            consented: self.consents.get(id).filter(|(plugin, _)| same(plugin)).map(|(_, ask)| ask),
            held: self.held.get(id).filter(|(plugin, _)| same(plugin)).map(|(_, content)| *content),
            incarnation: self.lives.get(id).map(|life| life.incarnation).unwrap_or_default(),
        }
    }

    /// The contents that connections work with; also those that are being deleted, which still take their leave.
    pub(super) fn held_contents(&self) -> BTreeSet<ContentHash> {
        let is_there = |id: &ConnectionId| self.settings.connections.contains_key(id) || self.api.contains_key(id);
        self.held.iter().filter(|(id, _)| is_there(id)).map(|(_, (_, content))| *content).collect()
    }

    /// What is wrong with the settings beside what is wrong with each connection.
    pub(super) fn problems(&self) -> Vec<String> {
        let twice = self.settings.connections.iter().filter(|(id, _)| self.api.contains_key(*id)).map(|(id, settings)| {
            format!(
                "{}: there is a connection {id} of the API as well, which waits until this one is taken out of the file",
                settings.location
            )
        });
        self.settings.problems.iter().cloned().chain(twice).collect()
    }
}

/// All connections of a file as a host makes them that has never been started, and everything that is wrong with them.
#[derive(Debug)]
pub struct AllConnections {
    /// The connections.
    pub connections: Vec<Connection>,
    /// What is wrong, each with file, line and the way out.
    pub problems: Vec<String>,
}

impl AllConnections {
    /// Builds them. Nothing is called, sent or kept.
    pub fn of_file(settings: &Settings, plugins: &Catalogue, builder: &Builder, now: Timestamp) -> Self {
        let desired = Desired {
            settings: settings.clone(),
            api: BTreeMap::new(),
            consents: BTreeMap::new(),
            held: BTreeMap::new(),
            lives: BTreeMap::new(),
        };
        Self::build(&desired, plugins, builder, now)
    }

    pub(super) fn build(desired: &Desired, plugins: &Catalogue, builder: &Builder, now: Timestamp) -> Self {
        let (mut connections, mut problems) = (Vec::new(), desired.problems());
        for id in desired.ids() {
            if let Some(wanted) = desired.wanted(&id) {
                let (connection, faults) = builder.build(plugins, &wanted, now);
                connections.push(connection);
                problems.extend(faults.into_iter().map(|fault| fault.line));
            }
        }
        Self { connections, problems }
    }
}
