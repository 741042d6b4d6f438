//! What one connection may send, where to, and with which secrets.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::address::AddressPolicy;
use hookyard_domain::credential::Credentials;
use hookyard_domain::grant::EgressGrant;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use tokio::sync::Semaphore;

use crate::egress::{Egress, EgressError, GuardedClient};
use crate::tokens::ConnectionTokens;
use crate::vault::Vault;

/// A connection's way out: the host's [`Egress`] with this connection's grant, credentials and secrets. Made once for a
/// connection's config and grants; all its invocations share it.
pub struct Outbound {
    pub(crate) egress: Arc<Egress>,
    pub(crate) connection: ConnectionId,
    pub(crate) tokens: ConnectionTokens,
    pub(crate) grant: EgressGrant,
    pub(crate) credentials: Credentials,
    vault: Arc<Vault>,
    /// The connection's part of all that is in flight.
    pub(crate) share: Semaphore,
    /// Its part of the room for answers, one permit a byte.
    pub(crate) answers: Arc<Semaphore>,
    /// The clients that were needed so far. A grant knows two policies: with the public internet, and without it for plain http.
    clients: Mutex<Vec<Arc<GuardedClient>>>,
}

impl Outbound {
    /// The way out of the connection whose tokens these are. Opens nothing yet.
    pub fn new(
        egress: Arc<Egress>,
        tokens: ConnectionTokens,
        grant: EgressGrant,
        credentials: Credentials,
        vault: Arc<Vault>,
    ) -> Self {
        let connection = tokens.connection().clone();
        let share = Semaphore::new(limit::EGRESS_IN_FLIGHT_PER_CONNECTION_MAX);
        let answers = Arc::new(Semaphore::new(limit::EGRESS_ANSWERS_PER_CONNECTION_BYTES_MAX));
        Self { egress, connection, tokens, grant, credentials, vault, share, answers, clients: Mutex::default() }
    }

    /// The connection's secrets.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// The client of a policy. It is kept, so that its open connections live as long as this.
    pub(crate) fn client(&self, policy: &AddressPolicy) -> Result<Arc<GuardedClient>, EgressError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.iter().find(|client| client.policy() == policy) {
            return Ok(Arc::clone(client));
        }
        let client = self.egress.client(policy)?;
        clients.push(Arc::clone(&client));
        Ok(client)
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("connection", &self.connection).finish_non_exhaustive()
    }
}
