//! Tokens that the host fetches for connections: each once for all who wait for it, kept sealed, and renewed.
//!
//! Scope: the connection in its present life, whatever its config and its plugin become meanwhile. Grant: the origin of the token
//! endpoint, like that of any request. Limit: time and bytes of a fetch, and how many are kept. Act: in a task of its own, so that
//! no invocation that ends cuts off what a provider may have answered already.

mod kept;
mod obtain;
mod refusals;
mod slot;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hookyard_domain::clock::Clock;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::fetched_token::TokenFetch;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_domain::secret::Secret;
use hookyard_store::FetchedTokens;
use tokio::sync::watch;

use crate::http_request::failure::Failure;
use crate::http_request::{HttpErrorCode, not_granted};
use crate::outbound::Outbound;
use crate::sealing::MasterKey;

use slot::{Held, Slot, Start};

type SlotKey = (ConnectionId, [u8; 16]);

/// The tokens of all connections. One of a host.
pub struct TokenRegistry {
    store: Arc<dyn FetchedTokens>,
    /// What they are sealed with, or why nothing can be.
    sealing: Result<Arc<MasterKey>, String>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    slots: Mutex<BTreeMap<SlotKey, Arc<Slot>>>,
    /// How many are being fetched.
    running: watch::Sender<usize>,
}

impl TokenRegistry {
    /// Knows of what the store has kept. Without a key to seal with, tokens live as long as the host, and refresh tokens that change
    /// cannot be used.
    pub fn new(
        store: Arc<dyn FetchedTokens>,
        sealing: Result<Arc<MasterKey>, String>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let (slots, running) = (Mutex::default(), watch::Sender::new(0));
        Self { store, sealing, clock, entropy, slots, running }
    }

    /// Those of a connection in one of its lives, which `hash_key` is the key of.
    pub fn of(
        self: &Arc<Self>,
        connection: ConnectionId,
        incarnation: Incarnation,
        hash_key: HashKey,
    ) -> ConnectionTokens {
        ConnectionTokens { registry: Arc::clone(self), connection, incarnation, hash_key }
    }

    /// Returns when no token is being fetched: what a provider has given in place of a refresh token is kept by then, if it can be. A
    /// fetch takes [`limit::TOKEN_FETCH_TIMEOUT`] at most.
    pub async fn finish(&self) {
        let mut running = self.running.subscribe();
        // The sender is this registry's own.
        let _open = running.wait_for(|running| *running == 0).await;
    }

    /// Nothing of a connection stays in memory whose life is over; what the store has of it goes with the connection.
    pub fn forget(&self, connection: &ConnectionId) {
        self.slots().retain(|(whose, _), _| whose != connection);
    }

    fn slot(&self, connection: &ConnectionId, key: [u8; 16]) -> Arc<Slot> {
        let mut slots = self.slots();
        let slot_key = (connection.clone(), key);
        if let Some(slot) = slots.get(&slot_key) {
            return Arc::clone(slot);
        }
        let of_connection = slots.range((connection.clone(), [0; 16])..=(connection.clone(), [u8::MAX; 16]));
        let (count, idle) = of_connection.fold((0, None::<(_, &SlotKey)>), |(count, idle), (key, slot)| {
            // Nobody can take it up while the slots are locked.
            let since = (Arc::strong_count(slot) == 1).then(|| slot.idle_since()).flatten();
            let longer = since.filter(|since| idle.is_none_or(|(longest, _)| *since < longest));
            (count + 1, longer.map(|since| (since, key)).or(idle))
        });
        if let Some((_, key)) = idle.filter(|_| count >= limit::TOKEN_FETCHES_MAX) {
            let key = key.clone();
            slots.remove(&key);
        }
        Arc::clone(slots.entry(slot_key).or_insert_with(|| Arc::new(Slot::new(key))))
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<SlotKey, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TokenRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRegistry").field("running", &*self.running.borrow()).finish_non_exhaustive()
    }
}

/// The tokens of one connection in one of its lives. All that it ever sends through share them.
#[derive(Clone)]
pub struct ConnectionTokens {
    registry: Arc<TokenRegistry>,
    connection: ConnectionId,
    incarnation: Incarnation,
    hash_key: HashKey,
}

impl ConnectionTokens {
    /// Whose they are.
    pub(crate) fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    fn slot(&self, fetch: &TokenFetch) -> Arc<Slot> {
        self.registry.slot(&self.connection, fetch.fingerprint(&self.hash_key, &self.connection))
    }
}

impl fmt::Debug for ConnectionTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionTokens").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// A token in the hands of somebody who needs it. As long as it is, what is known of it is not forgotten for want of room.
pub(crate) struct Taken {
    slot: Arc<Slot>,
    held: Held,
}

impl Taken {
    /// The token.
    pub(crate) fn token(&self) -> &Secret {
        &self.held.token
    }

    /// What tells the way in which it was fetched from the others of the connection.
    pub(crate) fn way(&self) -> [u8; 16] {
        self.slot.key
    }

    /// A provider has refused it with 401: the next to ask gets another one. Without effect where there is another one already.
    pub(crate) fn refuse(&self) {
        self.slot.refuse(self.held.generation);
    }
}

/// The token that this fetch gives: the one at hand as long as it is good, or else a new one, for which all who need it wait
/// together. Dropping this future stops nothing.
pub(crate) async fn get(outbound: &Arc<Outbound>, fetch: &Arc<TokenFetch>) -> Result<Taken, Failure> {
    let tokens = &outbound.tokens;
    let slot = tokens.slot(fetch);
    if let Some(held) = slot.usable(tokens.registry.clock.now()) {
        return Ok(Taken { slot, held });
    }
    outbound.grant.check(fetch.origin()).map_err(|_| not_granted(outbound, fetch.origin()))?;
    let mut outcome = match slot.start(tokens.registry.clock.now()) {
        Start::Have(held) => return Ok(Taken { slot, held }),
        Start::Refused(failure) => return Err(failure),
        Start::Wait(outcome) => outcome,
        Start::Fetch(tell, outcome) => {
            let running = Running::begin(&tokens.registry);
            let (outbound, fetch, slot) = (Arc::clone(outbound), Arc::clone(fetch), Arc::clone(&slot));
            tokio::spawn(async move {
                let obtained = obtain::obtain(&outbound, &fetch, &slot).await;
                slot.finish(&tell, obtained, outbound.tokens.registry.clock.now());
                drop(running);
            });
            outcome
        }
    };
    let told = outcome.wait_for(Option::is_some).await.ok().and_then(|told| told.clone());
    let held = told
        .unwrap_or_else(|| Err(Failure::new(HttpErrorCode::TokenUnavailable, "fetching the token was broken off")))?;
    Ok(Taken { slot, held })
}

/// Counts a fetch for as long as it lives.
struct Running(Arc<TokenRegistry>);

impl Running {
    fn begin(registry: &Arc<TokenRegistry>) -> Self {
        registry.running.send_modify(|running| *running += 1);
        Self(Arc::clone(registry))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running -= 1);
    }
}
