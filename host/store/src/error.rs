//! Why the store itself, not the request, is to blame.

use std::error::Error;
use std::sync::Arc;

/// The store cannot do its work. Cheap to clone, because one cause may fail a whole group of commits.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No room is left; goes away once the operator makes some.
    #[error("the disk of the data directory is full")]
    Full(#[source] Arc<dyn Error + Send + Sync>),
    /// What is on disk contradicts itself; a backup is needed.
    #[error("the database is damaged")]
    Damaged(#[source] Arc<dyn Error + Send + Sync>),
    /// Reading or writing failed.
    #[error("the database cannot be read or written")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
    /// More is waiting than the store lets wait; try again.
    #[error("too much waits for the store already")]
    Overloaded,
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}
