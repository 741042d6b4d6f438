//! A store in memory, for tests: the same promises, except that nothing outlives it.

mod deletion;
mod deliveries;
mod fetched_tokens;
mod inbox;
mod observed;
mod staged;
mod state;
mod subscriptions;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use hookyard_domain::clock::{Clock, Timestamp};
use hookyard_domain::commit::{Commit, Committed, MarkKey};
use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::id::{ConnectionId, PluginName, TokenId, WebhookId};
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord};
use hookyard_domain::inbox::{InboxDepth, InboxEntry, Known, Place, WaitingWebhook, WebhookFilter};
use hookyard_domain::kv::KvEntry;
use hookyard_domain::limit;
use hookyard_domain::timer::{Timer, TimerDepth};
use tokio::sync::watch;

use crate::commit_size::checked_size;
use crate::memory::state::State;
use crate::{
    AddTokenError, ApiToken, CommitError, ConnectionRecord, ConnectionRecords, Consent, Consents, EventPage,
    HeldVersion, HostKeys, Inbox, InboxSettings, KeyPage, Ledger, Life, PluginState, PluginStates, SaveConnectionError,
    Store, StoreError, Timers, Tokens, WebhookPage,
};

/// A store in memory.
pub struct MemoryStore {
    state: Mutex<State>,
    newest: watch::Sender<Offset>,
    clock: Arc<dyn Clock>,
    closed: AtomicBool,
    broken: AtomicBool,
    commits: AtomicU64,
}

impl MemoryStore {
    /// An empty store; `clock` decides when what has expired is forgotten.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_inbox(clock, InboxSettings::default())
    }

    /// The same with other settings of the inbox than the usual ones.
    pub fn with_inbox(clock: Arc<dyn Clock>, inbox: InboxSettings) -> Self {
        Self {
            state: Mutex::new(State::new(inbox)),
            newest: watch::Sender::new(Offset::START),
            clock,
            closed: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            commits: AtomicU64::new(0),
        }
    }

    /// Lets everything fail as [`StoreError::Failed`], as if the disk had gone, until it is told otherwise.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(StoreError::Closed);
        }
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Failed(Arc::new(std::io::Error::other("the test took the disk away"))));
        }
        Ok(self.state.lock().expect("no holder of this lock panics"))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("newest", &*self.newest.borrow()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for MemoryStore {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        checked_size(&commit)?;
        let mut state = self.state().map_err(CommitError::Unavailable)?;
        state.forget_expired(self.clock.now());
        self.commits.fetch_add(1, Ordering::Relaxed);
        let committed = state.apply(&commit)?;
        // Sent while the lock is held, so that the offset never moves back.
        if committed.events.iter().any(Option::is_some) {
            self.newest.send_replace(state.newest());
        }
        Ok(committed)
    }

    async fn get_many(
        &self,
        connection: &ConnectionId,
        keys: &[String],
        now: Timestamp,
    ) -> Result<Vec<Option<KvEntry>>, StoreError> {
        let state = self.state()?;
        Ok(keys.iter().map(|key| state.entry(Some(connection), key, now).cloned()).collect())
    }

    async fn keys(
        &self,
        connection: &ConnectionId,
        prefix: &str,
        after: Option<&str>,
        max: usize,
        now: Timestamp,
    ) -> Result<KeyPage, StoreError> {
        Ok(self.state()?.keys(connection, prefix, after, max, now))
    }

    async fn marked(&self, mark: MarkKey, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.state()?.marked(mark, now))
    }

    async fn timer_names(&self, connection: &ConnectionId) -> Result<Vec<String>, StoreError> {
        Ok(self.state()?.timer_names(connection))
    }

    async fn idempotency(
        &self,
        connection: &ConnectionId,
        id: IdempotencyId,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        Ok(self.state()?.idempotency(Some(connection), id, now).cloned())
    }

    async fn events(&self, after: Offset, filter: &EventFilter, limit: usize) -> Result<EventPage, StoreError> {
        Ok(self.state()?.events(after, filter, limit))
    }

    fn newest(&self) -> watch::Receiver<Offset> {
        self.newest.subscribe()
    }
}

#[async_trait]
impl HostKeys for MemoryStore {
    async fn host_key(&self, name: &str, generate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        Ok(*self.state()?.host_keys.entry(name.to_owned()).or_insert(generate))
    }
}

#[async_trait]
impl Tokens for MemoryStore {
    async fn add_token(&self, token: ApiToken) -> Result<(), AddTokenError> {
        let mut state = self.state()?;
        if state.tokens.len() >= limit::API_TOKENS_MAX {
            return Err(AddTokenError::TooMany { max: limit::API_TOKENS_MAX });
        }
        state.tokens.insert(token.id, token);
        Ok(())
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        Ok(self.state()?.tokens.values().cloned().collect())
    }

    async fn remove_token(&self, id: TokenId) -> Result<bool, StoreError> {
        Ok(self.state()?.tokens.remove(&id).is_some())
    }
}

#[async_trait]
impl Consents for MemoryStore {
    async fn consent(&self, connection: &ConnectionId) -> Result<Option<Consent>, StoreError> {
        Ok(self.state()?.consents.get(connection).cloned())
    }

    async fn consents(&self) -> Result<Vec<Consent>, StoreError> {
        Ok(self.state()?.consents.values().cloned().collect())
    }

    async fn record_consents(&self, consents: Vec<Consent>) -> Result<(), StoreError> {
        self.state()?.consents.extend(consents.into_iter().map(|consent| (consent.connection.clone(), consent)));
        Ok(())
    }

    async fn remove_consent(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        self.state()?.consents.remove(connection);
        Ok(())
    }
}

#[async_trait]
impl PluginStates for MemoryStore {
    async fn plugin_states(&self) -> Result<Vec<PluginState>, StoreError> {
        Ok(self.state()?.plugin_states.values().cloned().collect())
    }

    async fn save_plugin_state(&self, state: PluginState) -> Result<(), StoreError> {
        self.state()?.plugin_states.insert(state.name.clone(), state.kept());
        Ok(())
    }

    async fn remove_plugin_state(&self, name: &PluginName) -> Result<(), StoreError> {
        self.state()?.plugin_states.remove(name);
        Ok(())
    }
}

#[async_trait]
impl ConnectionRecords for MemoryStore {
    async fn connection_records(&self) -> Result<Vec<ConnectionRecord>, StoreError> {
        Ok(self.state()?.records.values().cloned().collect())
    }

    async fn save_connection(&self, record: ConnectionRecord) -> Result<(), SaveConnectionError> {
        self.state()?.save_connection(record)
    }

    async fn held_versions(&self) -> Result<Vec<HeldVersion>, StoreError> {
        Ok(self.state()?.held.values().cloned().collect())
    }

    async fn hold_versions(&self, held: Vec<HeldVersion>) -> Result<(), StoreError> {
        self.state()?.held.extend(held.into_iter().map(|held| (held.connection.clone(), held)));
        Ok(())
    }

    async fn lives(&self) -> Result<Vec<Life>, StoreError> {
        Ok(self.state()?.lives.values().cloned().collect())
    }

    async fn begin_deletion(&self, id: &ConnectionId) -> Result<bool, StoreError> {
        Ok(self.state()?.begin_deletion(id))
    }

    async fn purge_connection(&self, id: &ConnectionId) -> Result<bool, StoreError> {
        Ok(self.state()?.purge_connection(id))
    }
}

#[async_trait]
impl Inbox for MemoryStore {
    async fn known(&self, mark: MarkKey, now: Timestamp) -> Result<Known, StoreError> {
        Ok(self.state()?.known(mark, now))
    }

    async fn webhook(&self, id: WebhookId) -> Result<Option<InboxEntry>, StoreError> {
        Ok(self.state()?.webhook(id).cloned())
    }

    async fn waiting(&self, after: Place, limit: usize) -> Result<Vec<WaitingWebhook>, StoreError> {
        Ok(self.state()?.waiting(after, limit))
    }

    async fn newest_place(&self) -> Result<Place, StoreError> {
        Ok(self.state()?.newest_place())
    }

    async fn webhooks(
        &self,
        filter: &WebhookFilter,
        before: Option<Place>,
        limit: usize,
    ) -> Result<WebhookPage, StoreError> {
        Ok(self.state()?.webhooks(filter, before, limit))
    }

    async fn inbox_depths(&self) -> Result<Vec<InboxDepth>, StoreError> {
        Ok(self.state()?.inbox_depths())
    }
}

#[async_trait]
impl Timers for MemoryStore {
    async fn timer(&self, connection: &ConnectionId, name: &str) -> Result<Option<Timer>, StoreError> {
        Ok(self.state()?.timers.get(&(connection.clone(), name.to_owned())).cloned())
    }

    async fn timers(
        &self,
        connection: Option<&ConnectionId>,
        after: Option<&(ConnectionId, String)>,
        limit: usize,
    ) -> Result<Vec<Timer>, StoreError> {
        Ok(self.state()?.timers(connection, after, limit))
    }

    async fn timer_depths(&self) -> Result<Vec<TimerDepth>, StoreError> {
        Ok(self.state()?.timer_depths())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}
