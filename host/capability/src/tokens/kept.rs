//! A fetched token as it is sealed and kept.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::hex::hex;
use hookyard_domain::secret::Secret;
use hookyard_store::{FetchedToken, KeepTokenError, StoreError};
use serde::{Deserialize, Serialize};

use super::ConnectionTokens;

/// A fetched token with what belongs to it.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) token: Secret,
    /// Until when it is used.
    pub(super) until: Option<Timestamp>,
    /// The refresh token that the provider gave last, if it has given any.
    pub(super) refresh_token: Option<Secret>,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Why a token was not kept, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    /// There is nothing to seal it with.
    #[error("it cannot be sealed: {0}")]
    NoKey(String),
    /// The store has not kept it.
    #[error(transparent)]
    Store(#[from] KeepTokenError),
}

/// Why nobody knows what was kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeptError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is a refresh token in it that took the place of the configured one, and it cannot be opened.
    #[error(
        "the refresh token that the provider gave last cannot be read: {0}; put the key file back, or set a new refresh token in \
         the config"
    )]
    Sealed(String),
}

impl ConnectionTokens {
    /// What is kept under this key. A token that cannot be opened is fetched anew, which is logged, unless a refresh token is with
    /// it: many a provider takes the use of one that it has replaced for a theft, and revokes them all.
    pub(super) async fn kept(&self, key: [u8; 16]) -> Result<Option<Kept>, KeptError> {
        let found = self.registry.store.fetched_token(&self.connection, self.incarnation, key).await?;
        let Some(found) = found else { return Ok(None) };
        match self.open(&found) {
            Ok(kept) => Ok(Some(kept)),
            Err(why) if found.rotated => Err(KeptError::Sealed(why)),
            Err(why) => {
                tracing::warn!(connection = %self.connection, "a fetched token that was kept cannot be read, and is fetched anew: {why}");
                Ok(None)
            }
        }
    }

    /// Keeps a token; durable on return.
    pub(super) async fn keep(&self, key: [u8; 16], kept: &Kept) -> Result<(), KeepError> {
        let sealing = self.registry.sealing.as_ref().map_err(|why| KeepError::NoKey(why.clone()))?;
        let written = Written {
            token: kept.token.expose().to_owned(),
            until: kept.until.map(Timestamp::as_millis),
            refresh_token: kept.refresh_token.as_ref().map(|token| token.expose().to_owned()),
        };
        let plain = serde_json::to_vec(&written).expect("texts and numbers are JSON");
        let token = FetchedToken {
            connection: self.connection.clone(),
            incarnation: self.incarnation,
            key,
            rotated: kept.refresh_token.is_some(),
            at: self.registry.clock.now(),
            sealed: sealing.seal(&self.context(key), &plain, &*self.registry.entropy),
        };
        Ok(self.registry.store.keep_fetched_token(token).await?)
    }

    fn open(&self, found: &FetchedToken) -> Result<Kept, String> {
        let sealing = self.registry.sealing.as_ref().map_err(Clone::clone)?;
        let plain = sealing.open(&self.context(found.key), &found.sealed).map_err(|error| error.to_string())?;
        // The parser's own words might quote a secret.
        let written: Written = serde_json::from_slice(&plain).map_err(|_| "it is not what was sealed".to_owned())?;
        Ok(Kept {
            token: Secret::new(written.token),
            until: written.until.map(Timestamp::from_millis),
            refresh_token: written.refresh_token.map(Secret::new),
        })
    }

    /// What is sealed for one life of one connection opens for no other.
    fn context(&self, key: [u8; 16]) -> String {
        format!("connection/{}/{}/token/{}", self.connection, self.incarnation, hex(&key))
    }
}
