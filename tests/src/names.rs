//! Names as a test says they resolve.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hookyard_capability::Resolve;

/// Names with the answers that each of their look-ups gets, one after the other; the last one stays. Cheap to clone; clones
/// share their answers.
#[derive(Debug, Clone, Default)]
pub struct Names(Arc<Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>>);

impl Names {
    /// With this name, which resolves to these addresses.
    #[must_use]
    pub fn with(self, name: &str, addresses: &[&str]) -> Self {
        self.then(name, addresses);
        self
    }

    /// A further answer for a name.
    ///
    /// # Panics
    /// What is no address.
    pub fn then(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.entry(name.to_owned()).or_default().push(addresses);
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = names.get_mut(name).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers.first().cloned().unwrap_or_default() })
    }
}
