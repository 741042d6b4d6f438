//! How names become addresses.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use hookyard_domain::limit;
use tokio::sync::Semaphore;

/// Looks names up. Asked once for each connection that is opened; the answer is checked and then dialled as it is.
#[async_trait]
pub trait Resolve: Send + Sync + fmt::Debug {
    /// All addresses of a name. None is an error.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver, with its hosts file and search domains.
#[derive(Debug)]
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(limit::EGRESS_LOOKUPS_MAX)) }
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.lookups).acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        // The system's call cannot be interrupted and holds a thread until it returns. In a task of its own, the permit is
        // held as long, also if the request has been given up by then.
        let lookup = tokio::spawn(async move {
            let addresses =
                tokio::net::lookup_host((host, 0)).await.map(|found| found.map(|found| found.ip()).collect());
            drop(permit);
            addresses
        });
        lookup.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_knows_its_own_name_and_looks_up_a_bounded_number_at_a_time() {
        let resolver = SystemResolver::default();
        let addresses = resolver.resolve("localhost").await.expect("the hosts file has it");
        assert!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
        assert_eq!(resolver.lookups.available_permits(), limit::EGRESS_LOOKUPS_MAX);
    }
}
