//! The plugins of a host: what was found in the plugin directory, and what was kept of it.

mod catalogue;
mod plugin;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_sandbox::Sandbox;
use tokio::sync::watch;

pub use catalogue::{Catalogue, Offer, Rejected};
pub use plugin::Plugin;

/// The plugins of a host, over time.
#[derive(Debug)]
pub struct Plugins {
    catalogue: watch::Sender<Arc<Catalogue>>,
}

impl Plugins {
    /// Loads every `*.wasm` of a directory. A file that cannot serve is listed with its reason and hurts no other.
    ///
    /// # Errors
    /// The directory cannot be read. One that does not exist holds no plugins.
    pub async fn load(directory: &Path, sandbox: &Sandbox) -> io::Result<Self> {
        let mut catalogue = Catalogue::default();
        for path in components_in(directory).await? {
            match Plugin::load(&path, sandbox).await {
                Ok(plugin) => catalogue.add(plugin),
                Err(reason) => catalogue.reject(path, reason),
            }
        }
        Ok(Self { catalogue: watch::Sender::new(Arc::new(catalogue)) })
    }

    /// What there is now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.borrow())
    }

    /// Follows what there is.
    pub fn changes(&self) -> watch::Receiver<Arc<Catalogue>> {
        self.catalogue.subscribe()
    }
}

/// The `*.wasm` files of a directory, by name.
async fn components_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = match tokio::fs::read_dir(directory).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::warn!(directory = %directory.display(), "the plugin directory does not exist");
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "wasm") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
