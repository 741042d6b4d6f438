//! States of plugins: one row a plugin, and one for each of its files.

use hookyard_domain::id::PluginName;
use hookyard_domain::plugin::ContentHash;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::event_rows::parsed;
use crate::PluginState;

/// Every state, by the plugin's name.
pub(super) fn all(database: &Connection) -> rusqlite::Result<Vec<PluginState>> {
    let mut states = database.prepare_cached(
        "SELECT name, serving, version, previous, previous_version, pinned, held_back FROM plugin_state ORDER BY name",
    )?;
    let mut files = database.prepare_cached("SELECT file, content FROM plugin_file WHERE plugin = ?1 ORDER BY file")?;
    let mut found = states.query_map([], state)?.collect::<rusqlite::Result<Vec<_>>>()?;
    for state in &mut found {
        let paths = files.query_map([state.name.as_str()], |row| Ok((row.get(0)?, ContentHash(row.get(1)?))))?;
        state.paths = paths.collect::<rusqlite::Result<_>>()?;
    }
    Ok(found)
}

/// The state without its files.
fn state(row: &Row<'_>) -> rusqlite::Result<PluginState> {
    let previous = row.get::<_, Option<[u8; 32]>>(3)?.map(ContentHash);
    Ok(PluginState {
        name: parsed(row, 0)?,
        serving: ContentHash(row.get(1)?),
        version: row.get(2)?,
        paths: Vec::new(),
        previous: previous.zip(row.get(4)?),
        pinned: row.get::<_, Option<[u8; 32]>>(5)?.map(ContentHash),
        held_back: contents(row, 6)?,
    })
}

/// A column with a list of contents, 32 bytes each.
fn contents(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<ContentHash>> {
    let (contents, rest) = row.get_ref(column)?.as_blob()?.as_chunks();
    if rest.is_empty() {
        return Ok(contents.iter().copied().map(ContentHash).collect());
    }
    let error = format!("{} bytes are left over", rest.len());
    Err(rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, error.into()))
}

/// Keeps a state in place of the one that its plugin has.
pub(super) fn save(database: &Connection, state: &PluginState) -> rusqlite::Result<()> {
    remove(database, &state.name)?;
    let (name, previous) = (state.name.as_str(), state.previous.as_ref());
    database.execute(
        "INSERT INTO plugin_state (name, serving, version, previous, previous_version, pinned, held_back)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            name,
            state.serving.0,
            state.version,
            previous.map(|(content, _)| content.0),
            previous.map(|(_, version)| version.as_str()),
            state.pinned.map(|content| content.0),
            state.held_back.iter().flat_map(|content| content.0).collect::<Vec<u8>>(),
        ],
    )?;
    let mut insert =
        database.prepare_cached("INSERT OR REPLACE INTO plugin_file (plugin, file, content) VALUES (?1, ?2, ?3)")?;
    for (file, content) in &state.paths {
        insert.execute(params![name, file, content.0])?;
    }
    Ok(())
}

/// Forgets a plugin, if anything is known of it.
pub(super) fn remove(database: &Connection, name: &PluginName) -> rusqlite::Result<()> {
    database.execute("DELETE FROM plugin_state WHERE name = ?1", [name.as_str()])?;
    database.execute("DELETE FROM plugin_file WHERE plugin = ?1", [name.as_str()])?;
    Ok(())
}
