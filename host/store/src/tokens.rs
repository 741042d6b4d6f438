//! Bearer tokens of the HTTP API.

use std::fmt;

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::TokenId;

use crate::error::StoreError;

/// A token, of which only the hash is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Names it in lists and when it is revoked.
    pub id: TokenId,
    /// What the operator calls it.
    pub name: String,
    /// SHA-256 of the token's text.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiToken").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The tokens that may use the HTTP API.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps a token; durable on return.
    async fn add_token(&self, token: ApiToken) -> Result<(), AddTokenError>;

    /// Every token, the oldest first.
    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError>;

    /// Forgets a token, durably; `false` if there was none with this id.
    async fn remove_token(&self, id: TokenId) -> Result<bool, StoreError>;
}

/// Why a token was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AddTokenError {
    /// As many as may exist exist already: remove one first.
    #[error("there are {max} tokens already; remove one that is no longer needed")]
    TooMany {
        /// How many may exist.
        max: usize,
    },
    /// The store cannot write.
    #[error("the store cannot keep the token")]
    Unavailable(#[from] StoreError),
}
