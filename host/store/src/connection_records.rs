//! The connections that were made through the API, the contents that connections stay on, and the lives of their ids.

use std::fmt;

use async_trait::async_trait;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::plugin::ContentHash;

use crate::error::StoreError;

/// A connection as the operator made it through the API.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionRecord {
    /// Its id.
    pub id: ConnectionId,
    /// The plugin that it names.
    pub plugin: PluginName,
    /// Its config, sealed. The store keeps the bytes as they are.
    pub config: Vec<u8>,
    /// What was granted, as JSON. The store keeps the text as it is.
    pub grant: String,
    /// Whether the operator wants it to work.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl fmt::Debug for ConnectionRecord {
    /// Without the config, which is of no use to a reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionRecord")
            .field("id", &self.id)
            .field("plugin", &self.plugin)
            .field("config_bytes", &self.config.len())
            .field("grant", &self.grant)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

/// The content that a connection, of the file or of the API, works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldVersion {
    /// The connection.
    pub connection: ConnectionId,
    /// The plugin of which it is a content.
    pub plugin: PluginName,
    /// The content.
    pub content: ContentHash,
}

/// Where the id of a connection stands, if it has ever been deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The id.
    pub connection: ConnectionId,
    /// Its present life. Commits name it.
    pub incarnation: Incarnation,
    /// Whether that life is ending: nothing can be committed for the connection, and its id cannot be used yet.
    pub deleting: bool,
}

/// What is kept of connections beside what their invocations commit.
#[async_trait]
pub trait ConnectionRecords: Send + Sync {
    /// Every connection that was made through the API, by id; also those that are being deleted (see
    /// [`lives`](Self::lives)), so that a restart can go on with that.
    async fn connection_records(&self) -> Result<Vec<ConnectionRecord>, StoreError>;

    /// Keeps a connection in place of the one with its id. Durable on return.
    async fn save_connection(&self, record: ConnectionRecord) -> Result<(), SaveConnectionError>;

    /// What each connection works with, by connection.
    async fn held_versions(&self) -> Result<Vec<HeldVersion>, StoreError>;

    /// Keeps these in place of those that their connections have, all at once; the others stay. Durable on return.
    async fn hold_versions(&self, held: Vec<HeldVersion>) -> Result<(), StoreError>;

    /// The lives of all ids that have ever been deleted, or are being deleted, by id. Any other id is in its first life.
    async fn lives(&self) -> Result<Vec<Life>, StoreError>;

    /// Begins to delete a connection that was made through the API; `false` if there is none with this id. Durable on
    /// return: from now on nothing is committed for it, and its record cannot be saved. Beginning twice does nothing more.
    async fn begin_deletion(&self, id: &ConnectionId) -> Result<bool, StoreError>;

    /// Clears away one bounded batch of what a connection that is being deleted has left: keys, idempotency records, kept
    /// webhooks and timers first; in the end its record, consent and held content, and its next life begins. Whether there is
    /// more to do: then it is to be called again, also after a crash. Does nothing for a connection that is not being deleted.
    ///
    /// Its events stay. Its marks stay as well until they expire: the next life has another key to hash with.
    async fn purge_connection(&self, id: &ConnectionId) -> Result<bool, StoreError>;
}

/// Why a connection was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SaveConnectionError {
    /// One with this id is being deleted: try again when that is done.
    #[error("a connection with this id is being deleted")]
    Deleting,
    /// As many as may exist exist already: delete one first.
    #[error("there are {max} connections already; delete one that is no longer needed")]
    TooMany {
        /// How many may exist.
        max: usize,
    },
    /// The store cannot write.
    #[error("the store cannot keep the connection")]
    Unavailable(#[from] StoreError),
}
