//! One `[connections.ID]`.

use std::fmt;

use hookyard_domain::grant::Grant;
use hookyard_domain::id::{ConnectionId, PluginName};
use serde_json::{Map, Value};

use super::entry::{Entry, Section};
use super::grant;
use super::json::{self, Lines};
use super::lines::{self, DocumentLines};
use super::problem::Problem;

/// A connection that the file defines.
#[derive(Clone)]
pub struct ConnectionSettings {
    /// The plugin.
    pub plugin: PluginName,
    /// Its config with variables filled in: may hold secrets.
    pub config: Value,
    /// What is granted beyond what the manifest asks.
    pub grant: Grant,
    /// Whether it works.
    pub enabled: bool,
    /// Where it stands, for messages: file and line.
    pub location: String,
    /// What is wrong with it already (unknown keys, missing variables), each with file and line.
    pub problems: Vec<String>,
    /// Where the members of its config stand.
    pub config_lines: DocumentLines,
}

impl ConnectionSettings {
    /// A connection of `plugin` that no file defines, enabled, with what the plugin asks granted.
    pub fn new(plugin: PluginName, config: Value) -> Self {
        let location = "no file".to_owned();
        let config_lines = DocumentLines::default();
        Self { plugin, config, grant: Grant::default(), enabled: true, location, problems: Vec::new(), config_lines }
    }

    /// Whether both want the same, wherever it stands.
    pub fn is_same(&self, other: &Self) -> bool {
        self.plugin == other.plugin
            && self.config == other.config
            && self.grant == other.grant
            && self.enabled == other.enabled
            && self.problems == other.problems
    }

    /// Where the member of the config that `pointer` names stands, as messages begin:
    /// `hookyard.toml:12: connections.shop-eu.config.api_key`. For a member that is not there: the line of the nearest one around it.
    pub fn line_of(&self, pointer: &str) -> String {
        let of_file = self.config_lines.line_of(pointer);
        of_file.unwrap_or_else(|| format!("{}: config{}", self.location, lines::dotted(pointer)))
    }
}

impl fmt::Debug for ConnectionSettings {
    /// Without the config, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSettings")
            .field("plugin", &self.plugin)
            .field("config", &"•••")
            .field("grant", &self.grant)
            .field("enabled", &self.enabled)
            .field("location", &self.location)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

/// What one entry of `[connections]` turned out to be.
pub(super) enum Found {
    /// A connection, with its own problems inside.
    Connection(ConnectionId, Box<ConnectionSettings>, Vec<Problem>),
    /// Not even its plugin is known, and perhaps not its id.
    Unlisted(Option<ConnectionId>, Vec<Problem>),
}

/// Reads `[connections.ID]`.
pub(super) fn read(entry: &Entry<'_>) -> Found {
    let mut problems = Vec::new();
    let id: Option<ConnectionId> = match entry.key.parse() {
        Ok(id) => Some(id),
        Err(error) => {
            problems.push(entry.problem(format!("{error}")));
            None
        }
    };
    let Some(section) = entry.section(&mut problems) else { return Found::Unlisted(id, problems) };
    section.refuse_unknown(&["plugin", "config", "grants", "enabled"], &mut problems);
    let plugin = plugin(&section, &mut problems);
    let mut lines = Lines::new();
    let config = config(&section, &mut lines, &mut problems);
    lines.entry(String::new()).or_insert_with(|| entry.document.line(&entry.span));
    let grant = section.get("grants").map(|grants| grant::read(&grants, &mut problems)).unwrap_or_default();
    let enabled = section.get("enabled").and_then(|enabled| enabled.boolean(&mut problems)).unwrap_or(true);
    let (id, plugin) = match (id, plugin) {
        (Some(id), Some(plugin)) => (id, plugin),
        (id, _) => return Found::Unlisted(id, problems),
    };
    let settings = ConnectionSettings {
        plugin,
        config,
        grant,
        enabled,
        location: entry.document.place(&entry.span).to_string(),
        problems: problems.iter().map(ToString::to_string).collect(),
        config_lines: DocumentLines::new(&entry.document.name, format!("{}.config", entry.path), lines),
    };
    Found::Connection(id, Box::new(settings), problems)
}

fn plugin(section: &Section<'_>, problems: &mut Vec<Problem>) -> Option<PluginName> {
    let Some(entry) = section.get("plugin") else {
        problems.push(section.problem("names no plugin; add plugin = \"…\""));
        return None;
    };
    entry.parsed("a plugin name: 1 to 64 of a-z, 0-9 and -, starting with a letter", problems, |text| text.parse().ok())
}

fn config(section: &Section<'_>, lines: &mut Lines, problems: &mut Vec<Problem>) -> Value {
    let Some(entry) = section.get("config") else { return Value::Object(Map::new()) };
    if entry.section(problems).is_none() {
        return Value::Object(Map::new());
    }
    json::to_json(&entry, lines, problems)
}
