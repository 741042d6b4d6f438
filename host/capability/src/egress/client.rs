//! A pooled client that dials only what one address policy permits.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::address::{AddressPolicy, AddressRefusal};
use hookyard_domain::limit;
use reqwest::dns::{Addrs, Name, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response};
use rustls::ClientConfig;
use url::Host;

use super::failure::{AddressesRefused, SendFailure};
use super::peer::PeerLayer;
use super::resolve::Resolve;

/// A client and the policy that all of its open connections obey.
///
/// It follows no redirects, uses no proxy, keeps no cookies, sends no referer, decompresses nothing and repeats nothing:
/// one call is at most one request.
pub(crate) struct GuardedClient {
    policy: AddressPolicy,
    resolver: Arc<dyn Resolve>,
    tls: ClientConfig,
    pool: Mutex<Pool>,
}

/// A client with the connections that it keeps open.
struct Pool {
    http: Client,
    /// Connections that it has opened so far.
    opened: Arc<AtomicUsize>,
}

impl Pool {
    fn new(policy: &AddressPolicy, resolver: Arc<dyn Resolve>, tls: ClientConfig) -> reqwest::Result<Self> {
        let opened = Arc::new(AtomicUsize::new(0));
        let http = Client::builder()
            .user_agent(concat!("hookyard/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http1_only()
            .http1_max_headers(limit::EGRESS_HEADERS_MAX)
            .connect_timeout(limit::EGRESS_CONNECT_TIMEOUT)
            .pool_idle_timeout(limit::EGRESS_IDLE_MAX)
            .pool_max_idle_per_host(limit::EGRESS_IDLE_PER_HOST_MAX)
            .tls_backend_preconfigured(tls)
            .dns_resolver(CheckedResolver { policy: policy.clone(), resolver })
            .connector_layer(PeerLayer::new(policy.clone(), Arc::clone(&opened)))
            .build()?;
        Ok(Self { http, opened })
    }
}

impl GuardedClient {
    pub(super) fn new(policy: AddressPolicy, resolver: Arc<dyn Resolve>, tls: ClientConfig) -> reqwest::Result<Self> {
        let pool = Mutex::new(Pool::new(&policy, Arc::clone(&resolver), tls.clone())?);
        Ok(Self { policy, resolver, tls, pool })
    }

    /// The client; a new one when the old one has opened so many connections that those which wait unused may be too many.
    /// They are closed with the old one, once its requests in flight are answered.
    fn http(&self) -> reqwest::Result<Client> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.opened.load(Ordering::Relaxed) >= limit::EGRESS_POOL_CONNECTIONS_MAX {
            *pool = Pool::new(&self.policy, Arc::clone(&self.resolver), self.tls.clone())?;
        }
        Ok(pool.http.clone())
    }

    /// Whose addresses it dials.
    pub(crate) fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    /// Sends one request. The answer's body is still to be read.
    ///
    /// An address in place of a name is checked here, since nothing looks it up.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, SendFailure> {
        let literal = match request.url().host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        if let Some(Err(refusal)) = literal.map(|address| self.policy.check(address)) {
            return Err(SendFailure::Refused(AddressesRefused(vec![refusal])));
        }
        let http = self.http().map_err(SendFailure::of)?;
        http.execute(request).await.map_err(SendFailure::of)
    }
}

impl fmt::Debug for GuardedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedClient").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Hands out addresses only if all of a name's addresses may be dialled. A name that leads to a permitted and to a refused
/// one is a trick, whichever of them would be dialled.
struct CheckedResolver {
    policy: AddressPolicy,
    resolver: Arc<dyn Resolve>,
}

impl reqwest::dns::Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, resolver) = (self.policy.clone(), Arc::clone(&self.resolver));
        Box::pin(async move {
            let addresses = resolver.resolve(name.as_str()).await?;
            if addresses.is_empty() {
                return Err("the name has no addresses".into());
            }
            if addresses.len() > limit::EGRESS_ADDRESSES_MAX {
                return Err(format!("the name has more than {} addresses", limit::EGRESS_ADDRESSES_MAX).into());
            }
            let refused: Vec<AddressRefusal> = addresses.iter().filter_map(|a| policy.check(*a).err()).collect();
            if !refused.is_empty() {
                return Err(AddressesRefused(refused).into());
            }
            // Port 0 stands for that of the URL.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::SystemResolver;
    use crate::egress::tls::client_config;

    #[test]
    fn a_client_that_has_opened_many_connections_gives_way_to_a_new_one() {
        let tls = client_config(Vec::new()).expect("TLS");
        let policy = AddressPolicy::new([]);
        let client = GuardedClient::new(policy, Arc::new(SystemResolver::default()), tls).expect("a client");
        let opened = || Arc::clone(&client.pool.lock().expect("nobody panicked").opened);
        let first = opened();
        first.store(limit::EGRESS_POOL_CONNECTIONS_MAX - 1, Ordering::Relaxed);
        client.http().expect("a client");
        assert!(Arc::ptr_eq(&first, &opened()), "there is room for one more");
        first.store(limit::EGRESS_POOL_CONNECTIONS_MAX, Ordering::Relaxed);
        client.http().expect("a client");
        assert!(!Arc::ptr_eq(&first, &opened()));
        assert_eq!(opened().load(Ordering::Relaxed), 0);
    }
}
