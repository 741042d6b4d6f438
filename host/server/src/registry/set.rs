//! `PUT` and `PATCH` of a connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookyard_domain::grant::Ask;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::limit;
use hookyard_domain::schema::Violation;
use hookyard_store::{SaveConnectionError, StoreError};
use serde_json::{Map, Value};

use super::Registry;
use super::desired::{ApiConnection, Desired};
use super::seal;
use super::sent::{Sent, SentConfig, Target};
use crate::config::ConnectionSettings;
use crate::connections::{Connection, Fault, Origin, Wanted};
use crate::http::problem::InputError;
use crate::plugins::{Catalogue, Plugin};

/// What has become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// It is new.
    Created,
    /// It was there.
    Replaced,
}

/// Why nothing has changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetError {
    #[error("there is no such connection")]
    NotFound,
    #[error("hookyard.toml defines this connection")]
    FileDefined,
    #[error("the connection is being deleted")]
    Deleting,
    #[error("the connection is one of the plugin {0}")]
    PluginDiffers(PluginName),
    /// With everything that is wrong.
    #[error("the connection's settings are wrong")]
    Invalid(Vec<InputError>),
    /// With the reason.
    #[error("what is stored of the connection cannot be read")]
    Unreadable(String),
    /// With the reason.
    #[error("configs cannot be sealed")]
    NoKey(String),
    #[error("there are {max} connections already")]
    TooMany { max: usize },
    #[error("the store is unavailable")]
    Unavailable(#[from] StoreError),
}

impl Registry {
    /// Makes a connection what a client sent, durably, and has it work like that. What is wrong changes nothing. The operator
    /// who makes a new one consents to what its plugin asks at that moment; a later change consents to nothing.
    ///
    /// # Errors
    /// As [`SetError`] says.
    pub(crate) async fn set(
        self: &Arc<Self>,
        id: &ConnectionId,
        sent: Sent,
    ) -> Result<(Arc<Connection>, Done), SetError> {
        let mut desired = self.desired.lock().await;
        let existing = self.changeable(&desired, id)?.cloned();
        if existing.is_none() && !matches!(sent, Sent::Whole(_)) {
            return Err(SetError::NotFound);
        }
        let done = if existing.is_some() { Done::Replaced } else { Done::Created };
        let target = sent.read(existing.as_ref().map(|existing| &existing.settings)).map_err(SetError::Invalid)?;
        if let Some(existing) = existing.as_ref().filter(|existing| existing.settings.plugin != target.plugin) {
            return Err(SetError::PluginDiffers(existing.settings.plugin.clone()));
        }
        let catalogue = self.parts.plugins.catalogue();
        let (settings, is_new_config) = self.settings(&desired, &catalogue, id, target, existing.as_ref())?;
        let unchanged = existing.as_ref().is_some_and(|existing| existing.settings.is_same(&settings));
        if let Some(connection) = self.connections.get(id).filter(|_| unchanged) {
            return Ok((connection, done));
        }
        let asked = catalogue.get(&settings.plugin).map(|plugin| Ask::of(&plugin.manifest));
        let connection = self.built(&desired, &catalogue, id, &settings, existing.is_none(), is_new_config)?;

        let now = self.parts.clock.now();
        let key = self.parts.key.as_ref().map_err(|why| SetError::NoKey(why.clone()))?;
        let sealed = match &existing {
            Some(existing) if !is_new_config => existing.sealed.clone(),
            _ => seal::seal(id, &settings.config, key, &*self.parts.entropy),
        };
        let created_at = existing.as_ref().map_or(now, |existing| existing.created_at);
        let kept = ApiConnection { settings, sealed, readable: true, created_at };
        if let Some(asked) = asked.filter(|_| done == Done::Created) {
            self.grant(&mut desired, BTreeMap::from([(id.clone(), (kept.settings.plugin.clone(), asked))])).await?;
        }
        // What it works with follows from its record and may be written again; the other way round a record that is not kept
        // would leave it without the version that it goes on working with.
        self.parts.store.save_connection(kept.record(id, now)).await?;
        self.settle(&mut desired, std::iter::once(&connection)).await?;
        desired.api.insert(id.clone(), kept);
        // Only now does what a new connection works with count as held.
        self.parts.plugins.retain(&desired.held_contents());
        self.show([(id.clone(), Some(connection))]);
        tracing::info!(connection = %id, ?done, "connection set");
        self.connections.get(id).map(|connection| (connection, done)).ok_or(SetError::Deleting)
    }

    /// What there is of a connection that clients may change; `None` where it would be a new one.
    fn changeable<'d>(&self, desired: &'d Desired, id: &ConnectionId) -> Result<Option<&'d ApiConnection>, SetError> {
        if desired.settings.connections.contains_key(id) {
            return Err(SetError::FileDefined);
        }
        if desired.lives.get(id).is_some_and(|life| life.deleting) {
            return Err(SetError::Deleting);
        }
        match desired.api.get(id) {
            Some(existing) if !existing.readable => Err(SetError::Unreadable(existing.settings.problems.join("; "))),
            None if desired.api.len() >= limit::API_CONNECTIONS_MAX => {
                Err(SetError::TooMany { max: limit::API_CONNECTIONS_MAX })
            }
            existing => Ok(existing),
        }
    }

    /// The settings that come of it, and whether their config was sent and differs.
    fn settings(
        &self,
        desired: &Desired,
        catalogue: &Catalogue,
        id: &ConnectionId,
        target: Target,
        existing: Option<&ApiConnection>,
    ) -> Result<(ConnectionSettings, bool), SetError> {
        let Target { plugin, grant, enabled, config } = target;
        let nothing = Value::Object(Map::new());
        let stored = existing.map_or(&nothing, |existing| &existing.settings.config);
        let sent = !matches!(config, SentConfig::Kept);
        let config = match catalogue.get(&plugin) {
            Some(current) => {
                // The names of properties are those of the version that the connection works with.
                let shown = self.connections.get(id).filter(|_| existing.is_some());
                let works_with = shown.and_then(|shown| Some(Arc::clone(&shown.prepared.as_ref()?.plugin)));
                let consented = desired.consents.get(id).filter(|(asking, _)| *asking == plugin);
                let consented = consented.map(|(_, ask)| ask.clone()).unwrap_or_default();
                config.apply(current, works_with.as_ref().unwrap_or(current), stored, &consented)
            }
            None if !sent => Ok(stored.clone()),
            None => {
                let detail = format!("no plugin {plugin} is loaded");
                return Err(SetError::Invalid(vec![InputError::new("/plugin", "not-loaded", detail)]));
            }
        };
        let config = config.map_err(|violations| SetError::Invalid(violations.iter().map(of_violation).collect()))?;
        let is_new = existing.is_none() || config != *stored;
        let settings = ConnectionSettings::new(plugin, config);
        Ok((ConnectionSettings { grant, enabled, location: seal::location(id), ..settings }, is_new))
    }

    /// The connection that these settings make. Where the config is what it was, what is wrong with it was wrong before.
    fn built(
        &self,
        desired: &Desired,
        catalogue: &Catalogue,
        id: &ConnectionId,
        settings: &ConnectionSettings,
        is_new: bool,
        is_new_config: bool,
    ) -> Result<Connection, SetError> {
        let wanted = desired.wanted_with(id, Origin::Api, settings).ok_or(SetError::Deleting)?;
        // What was consented to while the file defined a connection of this id says nothing of a new one.
        let wanted = if is_new { Wanted { consented: None, held: None, ..wanted } } else { wanted };
        let (connection, faults) = self.parts.builder.build(catalogue, &wanted, self.parts.clock.now());
        if is_new_config && !faults.is_empty() {
            return Err(SetError::Invalid(faults.into_iter().map(of_fault).collect()));
        }
        Ok(connection)
    }
}

impl SentConfig {
    fn apply(
        self,
        current: &Plugin,
        works_with: &Plugin,
        stored: &Value,
        consented: &Ask,
    ) -> Result<Value, Vec<Violation>> {
        let schema = &works_with.config_schema;
        match self {
            Self::Kept => Ok(stored.clone()),
            Self::Whole(config) => schema.keep_secrets(config, stored, consented),
            Self::Patch(patch) => schema.merge(patch, stored, consented),
            Self::Fields(fields) => {
                let field = |(name, text): (String, String)| {
                    let value = current.config_schema.value_of_text(&name, &text);
                    (name, value)
                };
                schema.merge(Value::Object(fields.into_iter().map(field).collect()), stored, consented)
            }
        }
    }
}

fn of_violation(violation: &Violation) -> InputError {
    InputError::new(format!("/config{}", violation.pointer), &violation.code, &violation.detail)
}

fn of_fault(fault: Fault) -> InputError {
    InputError { pointer: fault.pointer, code: fault.code, detail: fault.detail }
}

impl From<SaveConnectionError> for SetError {
    fn from(error: SaveConnectionError) -> Self {
        match error {
            SaveConnectionError::Deleting => Self::Deleting,
            SaveConnectionError::TooMany { max } => Self::TooMany { max },
            SaveConnectionError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}
