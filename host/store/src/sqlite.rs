//! The store on disk: one SQLite database in the data directory.
//!
//! One thread writes: it takes commits off a bounded queue and makes each group of them durable with one sync of the
//! write-ahead log. A second thread copies the log into the database, a few others read. What a commit costs is the
//! number of random pages that it dirties, hence the tables of [`schema`].

mod apply;
mod checkpointer;
mod connection;
mod connection_rows;
mod consent_rows;
mod deletion;
mod deliveries;
mod delivery_lists;
mod delivery_rows;
mod directory;
mod error;
mod event_rows;
mod framed;
mod group;
mod host_rows;
mod idempotency_rows;
mod inbox_content_rows;
mod inbox_lists;
mod inbox_rows;
mod kv_rows;
mod life_rows;
mod mark_rows;
mod meter;
mod newest_first;
mod observed;
mod open;
mod plugin_rows;
mod readers;
mod retention;
mod schema;
mod sequence;
mod settings;
mod state;
mod subscription_rows;
mod subscriptions;
mod timer_rows;
mod token_rows;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use hookyard_domain::clock::{Clock, Timestamp};
use hookyard_domain::commit::{Commit, Committed, MarkKey};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::id::{ConnectionId, PluginName, TokenId, WebhookId};
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord};
use hookyard_domain::inbox::{InboxDepth, InboxEntry, Known, Place, WaitingWebhook, WebhookFilter};
use hookyard_domain::kv::KvEntry;
use hookyard_domain::limit;
use hookyard_domain::timer::{Timer, TimerDepth};
use tokio::sync::{Mutex, watch};

pub use self::open::OpenError;
use self::open::Threads;
use self::readers::Readers;
pub use self::settings::SqliteSettings;
use self::writer::WriterQueue;
use crate::{
    AddTokenError, ApiToken, CommitError, ConnectionRecord, ConnectionRecords, Consent, Consents, CrashPoint,
    CrashPoints, EventPage, FetchedToken, FetchedTokens, HeldVersion, HostKeys, Inbox, KeepTokenError, KeyPage, Ledger,
    Life, PluginState, PluginStates, SaveConnectionError, Store, StoreError, Timers, Tokens, WebhookPage, crash_points,
};

/// A store on disk.
///
/// Dropping it waits, like [`close`](Store::close), until what was accepted is durable.
pub struct SqliteStore {
    directory: PathBuf,
    writer: WriterQueue,
    readers: Readers,
    newest: watch::Receiver<Offset>,
    threads: Mutex<Option<Threads>>,
    crash_points: Option<Arc<dyn CrashPoints>>,
}

impl SqliteStore {
    /// Opens the database of this data directory; makes both, private to this user, if they do not exist yet. What is
    /// there but is not a sound database of Hookyard is refused and left as it is. Blocks while it reads and migrates.
    ///
    /// `clock` decides when what has expired is cleared away.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_with(directory, clock, &SqliteSettings::default())
    }

    /// The same with other settings than the usual ones.
    pub fn open_with(directory: &Path, clock: Arc<dyn Clock>, settings: &SqliteSettings) -> Result<Self, OpenError> {
        open::open(directory, clock, settings)
    }
}

impl SqliteStore {
    fn reached(&self, point: Option<CrashPoint>) {
        if let (Some(crash_points), Some(point)) = (&self.crash_points, point) {
            crash_points.reached(point);
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.get_mut().take() {
            threads.stop();
        }
    }
}

#[async_trait]
impl Ledger for SqliteStore {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let (before, after) = match &self.crash_points {
            Some(_) => crash_points::around(&commit),
            None => (None, None),
        };
        self.reached(before);
        let outcome = self.writer.commit(commit).await;
        self.reached(after.filter(|_| outcome.is_ok()));
        outcome
    }

    async fn get_many(
        &self,
        connection: &ConnectionId,
        keys: &[String],
        now: Timestamp,
    ) -> Result<Vec<Option<KvEntry>>, StoreError> {
        let (connection, keys) = (connection.clone(), keys.to_vec());
        self.readers.read(move |database| kv_rows::get_many(database, &connection, &keys, now)).await
    }

    async fn keys(
        &self,
        connection: &ConnectionId,
        prefix: &str,
        after: Option<&str>,
        max: usize,
        now: Timestamp,
    ) -> Result<KeyPage, StoreError> {
        let (connection, prefix, after) = (connection.clone(), prefix.to_owned(), after.map(str::to_owned));
        self.readers
            .read(move |database| kv_rows::keys(database, &connection, &prefix, after.as_deref(), max, now))
            .await
    }

    async fn marked(&self, mark: MarkKey, now: Timestamp) -> Result<bool, StoreError> {
        self.readers.read(move |database| mark_rows::marked(database, mark, now)).await
    }

    async fn timer_names(&self, connection: &ConnectionId) -> Result<Vec<String>, StoreError> {
        let connection = connection.clone();
        self.readers.read(move |database| timer_rows::names(database, &connection)).await
    }

    async fn idempotency(
        &self,
        connection: &ConnectionId,
        id: IdempotencyId,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let connection = connection.clone();
        self.readers.read(move |database| idempotency_rows::get(database, &connection, id, now)).await
    }

    async fn events(&self, after: Offset, filter: &EventFilter, limit: usize) -> Result<EventPage, StoreError> {
        let filter = filter.clone();
        self.readers.read(move |database| event_rows::page(database, after, &filter, limit)).await
    }

    fn newest(&self) -> watch::Receiver<Offset> {
        self.newest.clone()
    }
}

#[async_trait]
impl HostKeys for SqliteStore {
    async fn host_key(&self, name: &str, generate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let name = name.to_owned();
        self.writer.write(move |database| host_rows::host_key(database, &name, &generate)).await
    }
}

#[async_trait]
impl Tokens for SqliteStore {
    async fn add_token(&self, token: ApiToken) -> Result<(), AddTokenError> {
        let added = self.writer.write(move |database| host_rows::add_token(database, &token)).await?;
        if added { Ok(()) } else { Err(AddTokenError::TooMany { max: limit::API_TOKENS_MAX }) }
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.readers.read(host_rows::tokens).await
    }

    async fn remove_token(&self, id: TokenId) -> Result<bool, StoreError> {
        self.writer.write(move |database| host_rows::remove_token(database, id)).await
    }
}

#[async_trait]
impl Consents for SqliteStore {
    async fn consent(&self, connection: &ConnectionId) -> Result<Option<Consent>, StoreError> {
        let connection = connection.clone();
        self.readers.read(move |database| consent_rows::get(database, &connection)).await
    }

    async fn consents(&self) -> Result<Vec<Consent>, StoreError> {
        self.readers.read(consent_rows::all).await
    }

    async fn record_consents(&self, consents: Vec<Consent>) -> Result<(), StoreError> {
        let record =
            move |database: &rusqlite::Connection| consents.iter().try_for_each(|one| consent_rows::set(database, one));
        self.writer.write(record).await
    }

    async fn remove_consent(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        let connection = connection.clone();
        self.writer.write(move |database| consent_rows::remove(database, &connection)).await
    }
}

#[async_trait]
impl PluginStates for SqliteStore {
    async fn plugin_states(&self) -> Result<Vec<PluginState>, StoreError> {
        self.readers.read(plugin_rows::all).await
    }

    async fn save_plugin_state(&self, state: PluginState) -> Result<(), StoreError> {
        let state = state.kept();
        self.writer.write(move |database| plugin_rows::save(database, &state)).await
    }

    async fn remove_plugin_state(&self, name: &PluginName) -> Result<(), StoreError> {
        let name = name.clone();
        self.writer.write(move |database| plugin_rows::remove(database, &name)).await
    }
}

#[async_trait]
impl ConnectionRecords for SqliteStore {
    async fn connection_records(&self) -> Result<Vec<ConnectionRecord>, StoreError> {
        self.readers.read(connection_rows::records).await
    }

    async fn save_connection(&self, record: ConnectionRecord) -> Result<(), SaveConnectionError> {
        self.writer.write(move |database| connection_rows::save(database, &record)).await?
    }

    async fn held_versions(&self) -> Result<Vec<HeldVersion>, StoreError> {
        self.readers.read(connection_rows::held).await
    }

    async fn hold_versions(&self, held: Vec<HeldVersion>) -> Result<(), StoreError> {
        let hold_all = move |database: &_| held.iter().try_for_each(|held| connection_rows::hold(database, held));
        self.writer.write(hold_all).await
    }

    async fn lives(&self) -> Result<Vec<Life>, StoreError> {
        self.readers.read(life_rows::all).await
    }

    async fn begin_deletion(&self, id: &ConnectionId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.writer.write_knowing(move |database, state| deletion::begin(database, state, &id)).await
    }

    async fn purge_connection(&self, id: &ConnectionId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.writer.write_knowing(move |database, state| deletion::purge(database, state, &id)).await
    }
}

#[async_trait]
impl FetchedTokens for SqliteStore {
    async fn fetched_token(
        &self,
        connection: &ConnectionId,
        incarnation: Incarnation,
        key: [u8; 16],
    ) -> Result<Option<FetchedToken>, StoreError> {
        let connection = connection.clone();
        self.readers.read(move |database| token_rows::get(database, &connection, incarnation, key)).await
    }

    async fn keep_fetched_token(&self, token: FetchedToken) -> Result<(), KeepTokenError> {
        self.writer.write(move |database| token_rows::keep(database, &token)).await?
    }

    async fn holds_rotated_token(&self) -> Result<bool, StoreError> {
        self.readers.read(token_rows::any_rotated).await
    }
}

#[async_trait]
impl Inbox for SqliteStore {
    async fn known(&self, mark: MarkKey, now: Timestamp) -> Result<Known, StoreError> {
        self.readers.read(move |database| inbox_lists::known(database, mark, now)).await
    }

    async fn webhook(&self, id: WebhookId) -> Result<Option<InboxEntry>, StoreError> {
        self.readers.read(move |database| inbox_content_rows::get(database, id)).await
    }

    async fn waiting(&self, after: Place, limit: usize) -> Result<Vec<WaitingWebhook>, StoreError> {
        self.readers.read(move |database| inbox_lists::waiting(database, after, limit)).await
    }

    async fn newest_place(&self) -> Result<Place, StoreError> {
        self.readers.read(inbox_lists::newest_place).await
    }

    async fn webhooks(
        &self,
        filter: &WebhookFilter,
        before: Option<Place>,
        limit: usize,
    ) -> Result<WebhookPage, StoreError> {
        let filter = filter.clone();
        self.readers.read(move |database| inbox_lists::page(database, &filter, before, limit)).await
    }

    async fn inbox_depths(&self) -> Result<Vec<InboxDepth>, StoreError> {
        self.readers.read(inbox_lists::depths).await
    }
}

#[async_trait]
impl Timers for SqliteStore {
    async fn timer(&self, connection: &ConnectionId, name: &str) -> Result<Option<Timer>, StoreError> {
        let (connection, name) = (connection.clone(), name.to_owned());
        self.readers.read(move |database| timer_rows::get(database, &connection, &name)).await
    }

    async fn timers(
        &self,
        connection: Option<&ConnectionId>,
        after: Option<&(ConnectionId, String)>,
        limit: usize,
    ) -> Result<Vec<Timer>, StoreError> {
        let (connection, after) = (connection.cloned(), after.cloned());
        self.readers.read(move |database| timer_rows::page(database, connection.as_ref(), after.as_ref(), limit)).await
    }

    async fn timer_depths(&self) -> Result<Vec<TimerDepth>, StoreError> {
        self.readers.read(timer_rows::depths).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn close(&self) {
        let mut threads = self.threads.lock().await;
        if let Some(threads) = threads.take()
            && tokio::task::spawn_blocking(|| threads.stop()).await.is_err()
        {
            tracing::error!(directory = %self.directory.display(), "closing the store panicked");
        }
    }
}
