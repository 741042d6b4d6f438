//! Tokens that the host has fetched from providers, sealed.

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::id::ConnectionId;

use crate::error::StoreError;

/// A fetched token of one connection, with what belongs to it. The store cannot read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedToken {
    /// Whose it is.
    pub connection: ConnectionId,
    /// In which of its lives.
    pub incarnation: Incarnation,
    /// What tells it from the others of the connection: a hash of how it was fetched.
    pub key: [u8; 16],
    /// Whether it came with a new refresh token, which is nowhere else.
    pub rotated: bool,
    /// When it was fetched.
    pub at: Timestamp,
    /// The token, sealed.
    pub sealed: Vec<u8>,
}

/// The fetched tokens, up to [`FETCHED_TOKENS_MAX`](hookyard_domain::limit::FETCHED_TOKENS_MAX) a connection. They go with their
/// connection: [`purge_connection`](crate::ConnectionRecords::purge_connection).
#[async_trait]
pub trait FetchedTokens: Send + Sync {
    /// The token with this key, if the connection is in this life and has one.
    async fn fetched_token(
        &self,
        connection: &ConnectionId,
        incarnation: Incarnation,
        key: [u8; 16],
    ) -> Result<Option<FetchedToken>, StoreError>;

    /// Keeps a token in place of the one with its key; durable on return. Also for a connection that is being deleted, as long as
    /// anything of it is there: its plugin takes its leave of the provider by then. Of more than fit, others go: first those that are not
    /// `rotated`, and of these the oldest.
    async fn keep_fetched_token(&self, token: FetchedToken) -> Result<(), KeepTokenError>;

    /// Whether any is kept that is `rotated`: as long as that is so, the key that sealed it must not be replaced.
    async fn holds_rotated_token(&self) -> Result<bool, StoreError>;
}

/// Why a fetched token was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeepTokenError {
    /// That life of the connection is over.
    #[error("the connection was deleted")]
    Gone,
    /// The store cannot write.
    #[error("the store cannot keep the token")]
    Unavailable(#[from] StoreError),
}
