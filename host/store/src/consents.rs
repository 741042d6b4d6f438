//! What each connection's plugin asked for when the operator consented to it.

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::{ConnectionId, PluginName};

use crate::error::StoreError;

/// What was asked and consented to: a plugin that asks for more later needs another consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Whose consent it is.
    pub connection: ConnectionId,
    /// The plugin that asked; a consent says nothing of another one.
    pub plugin: PluginName,
    /// What it asked for, as JSON. The store keeps the text as it is.
    pub asked: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The consents, one a connection.
#[async_trait]
pub trait Consents: Send + Sync {
    /// The consent of this connection, if one has been recorded.
    async fn consent(&self, connection: &ConnectionId) -> Result<Option<Consent>, StoreError>;

    /// Every consent, by connection.
    async fn consents(&self) -> Result<Vec<Consent>, StoreError>;

    /// Keeps these consents in place of those that their connections have, all at once. Durable on return.
    async fn record_consents(&self, consents: Vec<Consent>) -> Result<(), StoreError>;

    /// The same with one.
    async fn record_consent(&self, consent: Consent) -> Result<(), StoreError> {
        self.record_consents(vec![consent]).await
    }

    /// Forgets the consent of a connection, durably, if there is one.
    async fn remove_consent(&self, connection: &ConnectionId) -> Result<(), StoreError>;
}
