//! Keys that the host makes once and keeps for itself.

use async_trait::async_trait;

use crate::error::StoreError;

/// The host's own keys, by name.
#[async_trait]
pub trait HostKeys: Send + Sync {
    /// The key of this name: the one that is kept or, if there is none yet, `generate`, which is kept from now on.
    /// Durable on return.
    async fn host_key(&self, name: &str, generate: [u8; 32]) -> Result<[u8; 32], StoreError>;
}
