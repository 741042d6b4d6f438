//! What can be seen of the store on disk.

use async_trait::async_trait;
use tokio::sync::watch;

use super::{SqliteStore, schema};
use crate::{Observed, StoreError, Workload};

#[async_trait]
impl Observed for SqliteStore {
    async fn check_writable(&self) -> Result<(), StoreError> {
        // SQLite writes the first page, and syncs, although the number is the one that stands there already.
        let write_again =
            |database: &rusqlite::Connection| database.pragma_update(None, "user_version", schema::version(database)?);
        self.writer.write(write_again).await
    }

    fn workload(&self) -> Workload {
        self.writer.workload()
    }

    fn reopenings(&self) -> watch::Receiver<u64> {
        self.writer.reopenings()
    }
}
