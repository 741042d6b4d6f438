//! The only door through which the host opens connections of its own.
//!
//! There is one pooled client for each address policy, because an open connection serves whoever may use its client: a
//! connection that was opened under one operator's grant must not carry requests of another. Each client looks names up
//! through [`Resolve`], dials exactly the addresses that it has checked, and checks the peer of every new connection again.

mod client;
mod failure;
mod peer;
mod resolve;
mod tls;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use hookyard_domain::address::AddressPolicy;
use hookyard_domain::limit;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use tokio::sync::Semaphore;

pub(crate) use client::GuardedClient;
pub(crate) use failure::{AddressesRefused, SendFailure};
pub use resolve::{Resolve, SystemResolver};

/// What an [`Egress`] is made of.
#[derive(Debug, Clone)]
pub struct EgressSettings {
    /// How names become addresses.
    pub resolver: Arc<dyn Resolve>,
    /// Certificates (DER) of authorities to trust beside those of the platform.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl EgressSettings {
    /// The machine's own look-up of names, and the certificates that the machine trusts.
    pub fn of_this_machine() -> Self {
        Self { resolver: Arc::new(SystemResolver::default()), extra_roots: Vec::new() }
    }
}

/// The host's way out. One of a host, shared by all connections.
pub struct Egress {
    resolver: Arc<dyn Resolve>,
    tls: ClientConfig,
    /// Clients in use. Those that nobody uses any more are forgotten when the next one is made.
    clients: Mutex<BTreeMap<AddressPolicy, Weak<GuardedClient>>>,
    pub(crate) in_flight: Semaphore,
    /// Room for answers, one permit a byte.
    pub(crate) answers: Arc<Semaphore>,
}

/// The way out cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// An extra root cannot be read, or TLS cannot be set up.
    #[error("cannot set up TLS for requests")]
    Tls(#[source] rustls::Error),
    /// A client cannot be made.
    #[error("cannot make a client for requests")]
    Client(#[source] reqwest::Error),
}

impl Egress {
    /// Reads the platform's certificates. Where there are none, a warning is logged and requests to `https` hosts fail
    /// unless an extra root vouches for them.
    pub fn new(settings: EgressSettings) -> Result<Self, EgressError> {
        let EgressSettings { resolver, extra_roots } = settings;
        let tls = tls::client_config(extra_roots).map_err(EgressError::Tls)?;
        let in_flight = Semaphore::new(limit::EGRESS_IN_FLIGHT_MAX);
        let answers = Arc::new(Semaphore::new(limit::EGRESS_ANSWERS_BYTES_MAX));
        Ok(Self { resolver, tls, clients: Mutex::default(), in_flight, answers })
    }

    /// The client of this policy: the one that others use, or a new one.
    pub(crate) fn client(&self, policy: &AddressPolicy) -> Result<Arc<GuardedClient>, EgressError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(policy).and_then(Weak::upgrade) {
            return Ok(client);
        }
        let resolver = Arc::clone(&self.resolver);
        let client = GuardedClient::new(policy.clone(), resolver, self.tls.clone()).map_err(EgressError::Client)?;
        let client = Arc::new(client);
        clients.retain(|_, client| client.strong_count() > 0);
        if clients.len() < limit::EGRESS_CLIENTS_MAX {
            clients.insert(policy.clone(), Arc::downgrade(&client));
        }
        Ok(client)
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("resolver", &self.resolver).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::test_host::{NoNames, egress};

    fn policy(number: u32) -> AddressPolicy {
        AddressPolicy::new([IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + number)).into()])
    }

    #[test]
    fn equal_policies_share_a_client_for_as_long_as_anybody_uses_it() {
        let egress = egress(NoNames);
        let first = egress.client(&policy(1)).expect("a client");
        assert!(Arc::ptr_eq(&first, &egress.client(&policy(1)).expect("a client")));
        assert!(!Arc::ptr_eq(&first, &egress.client(&policy(1).private_only()).expect("a client")));
        drop(first);
        egress.client(&policy(2)).expect("a client");
        assert_eq!(egress.clients.lock().unwrap().len(), 1, "those that nobody uses are forgotten");
    }

    #[test]
    fn clients_beyond_the_bound_work_and_are_not_shared() {
        let egress = egress(NoNames);
        let all: Vec<_> = (0..=1_024).map(|number| egress.client(&policy(number)).expect("a client")).collect();
        assert_eq!((all.len(), egress.clients.lock().unwrap().len()), (1_025, limit::EGRESS_CLIENTS_MAX));
        let last = egress.client(&policy(1_024)).expect("a client");
        assert!(!Arc::ptr_eq(&last, &all[1_024]));
    }
}
