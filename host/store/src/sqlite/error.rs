//! What SQLite's errors mean for the store.

use std::sync::Arc;

use rusqlite::{Error, ErrorCode};

use crate::StoreError;

/// The error of the store that an error of the database is.
pub(super) fn store_error(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(Arc::new(error)),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(Arc::new(error)),
        Some(_) => StoreError::Failed(Arc::new(error)),
        // A row that does not hold what was written.
        None => StoreError::Damaged(Arc::new(error)),
    }
}
