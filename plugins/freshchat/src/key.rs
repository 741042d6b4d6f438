//! Keys made of what Freshchat wrote.

use hookyard_sdk::manifest::Hash;
use hookyard_sdk::{Error, crypto};

/// Longest key that the host takes, in bytes.
const KEY_BYTES_MAX: usize = 512;

/// `{prefix}/{id}`. An id that is too long for a key stands there as its hash, which no id looks like: it has a slash.
pub(crate) fn key(prefix: &str, id: &str) -> Result<String, Error> {
    let key = format!("{prefix}/{id}");
    if key.len() <= KEY_BYTES_MAX {
        return Ok(key);
    }
    Ok(format!("{prefix}/sha256/{}", hash(id.as_bytes())?))
}

/// SHA-256, in hex.
pub(crate) fn hash(bytes: &[u8]) -> Result<String, Error> {
    let digest = crypto::digest(Hash::Sha256, bytes)?;
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
