//! What the host keeps for itself: its keys, and the tokens of its API.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::TokenId;
use hookyard_domain::limit;
use rusqlite::{Connection, params};

use crate::ApiToken;

/// The key of this name; `generate`, kept from now on, if there is none yet.
pub(super) fn host_key(database: &Connection, name: &str, generate: &[u8; 32]) -> rusqlite::Result<[u8; 32]> {
    database.execute("INSERT OR IGNORE INTO host_key (name, key) VALUES (?1, ?2)", params![name, generate])?;
    database.query_row("SELECT key FROM host_key WHERE name = ?1", [name], |row| row.get(0))
}

/// Keeps a token, unless there are too many.
pub(super) fn add_token(database: &Connection, token: &ApiToken) -> rusqlite::Result<bool> {
    let existing: i64 = database.query_row("SELECT count(*) FROM token", [], |row| row.get(0))?;
    if existing.unsigned_abs() >= limit::API_TOKENS_MAX as u64 {
        return Ok(false);
    }
    database.execute(
        "INSERT INTO token (id, name, hash, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![token.id.to_bytes(), token.name, token.hash, token.created_at.as_millis()],
    )?;
    Ok(true)
}

/// Every token, the oldest first.
pub(super) fn tokens(database: &Connection) -> rusqlite::Result<Vec<ApiToken>> {
    let mut all = database.prepare_cached("SELECT id, name, hash, created_at FROM token ORDER BY id")?;
    let tokens = all.query_map([], |row| {
        Ok(ApiToken {
            id: TokenId::from_bytes(row.get(0)?),
            name: row.get(1)?,
            hash: row.get(2)?,
            created_at: Timestamp::from_millis(row.get(3)?),
        })
    })?;
    tokens.collect()
}

/// Forgets a token; whether there was one.
pub(super) fn remove_token(database: &Connection, id: TokenId) -> rusqlite::Result<bool> {
    Ok(database.execute("DELETE FROM token WHERE id = ?1", [id.to_bytes()])? > 0)
}
