//! A connection of the API as it is stored: its config sealed, since it holds secrets.

use hookyard_capability::sealing::MasterKey;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::ConnectionId;
use hookyard_store::ConnectionRecord;
use serde_json::{Map, Value};

use super::desired::ApiConnection;
use super::grants;
use crate::config::ConnectionSettings;

impl ApiConnection {
    /// Reads a stored record. What cannot be read makes a connection that says so; the record stays as it is.
    pub(super) fn open(record: ConnectionRecord, key: Result<&MasterKey, &String>) -> Self {
        let ConnectionRecord { id, plugin, config: sealed, grant, enabled, created_at, .. } = record;
        let location = location(&id);
        let mut settings = ConnectionSettings::new(plugin, Value::Object(Map::new()));
        let mut problems = Vec::new();
        match open(&id, &sealed, key) {
            Ok(config) => settings.config = config,
            Err(why) => {
                problems.push(format!("{location}: its stored config cannot be read: {why}; or delete the connection"));
            }
        }
        match serde_json::from_str(&grant).ok().and_then(|grant| grants::read(&grant, "").ok()) {
            Some(grant) => settings.grant = grant,
            None => problems.push(format!("{location}: its stored grants cannot be read; delete the connection")),
        }
        let readable = problems.is_empty();
        problems.iter().for_each(|problem| tracing::error!("{problem}"));
        let settings = ConnectionSettings { enabled, problems, location, ..settings };
        Self { settings, sealed, readable, created_at }
    }

    /// The record to store.
    pub(super) fn record(&self, id: &ConnectionId, updated_at: Timestamp) -> ConnectionRecord {
        ConnectionRecord {
            id: id.clone(),
            plugin: self.settings.plugin.clone(),
            config: self.sealed.clone(),
            grant: grants::to_json(&self.settings.grant).to_string(),
            enabled: self.settings.enabled,
            created_at: self.created_at,
            updated_at,
        }
    }
}

/// How messages about a connection of the API begin.
pub(super) fn location(id: &ConnectionId) -> String {
    format!("connection {id}")
}

/// The config as it is stored.
pub(super) fn seal(id: &ConnectionId, config: &Value, key: &MasterKey, entropy: &dyn Entropy) -> Vec<u8> {
    key.seal(&context(id), config.to_string().as_bytes(), entropy)
}

fn open(id: &ConnectionId, sealed: &[u8], key: Result<&MasterKey, &String>) -> Result<Value, String> {
    let plain = key.map_err(Clone::clone)?.open(&context(id), sealed).map_err(|error| error.to_string())?;
    // The parser's own words might quote a secret.
    serde_json::from_slice(&plain).map_err(|_| "it is no JSON; restore the database from a backup".to_owned())
}

/// What is sealed for one connection opens for no other.
fn context(id: &ConnectionId) -> String {
    format!("connection/{id}/config")
}
