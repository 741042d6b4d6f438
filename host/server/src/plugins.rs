//! The plugins of a host: what was found in the plugin directory, and what was kept of it.

mod catalogue;
mod plugin;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_domain::plugin::ContentHash;
use hookyard_sandbox::Sandbox;
use tokio::sync::watch;

pub use catalogue::{Catalogue, Offer, Rejected};
pub use plugin::Plugin;

/// The plugins of a host, over time.
pub struct Plugins {
    catalogue: watch::Sender<Arc<Catalogue>>,
    /// Where they come from, and what loads them again.
    source: Option<(PathBuf, Arc<Sandbox>)>,
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
        Ok(Self { catalogue: watch::Sender::new(Arc::new(catalogue)), source: None })
    }

    /// The same, to be looked at again by [`Plugins::rescan`].
    ///
    /// # Errors
    /// As above.
    pub async fn start(directory: &Path, sandbox: Arc<Sandbox>) -> io::Result<Self> {
        let plugins = Self::load(directory, &sandbox).await?;
        Ok(Self { source: Some((directory.to_owned(), sandbox)), ..plugins })
    }

    /// Looks at the directory again. A plugin that is there at another version than before keeps the one it had beside it.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub async fn rescan(&self) -> io::Result<()> {
        let Some((directory, sandbox)) = &self.source else { return Ok(()) };
        let mut catalogue = Self::load(directory, sandbox).await?.catalogue().as_ref().clone();
        catalogue.keep(&self.catalogue());
        self.catalogue.send_replace(Arc::new(catalogue));
        Ok(())
    }

    /// Lets versions go that do not serve and that none of these contents is.
    pub fn retain(&self, held: &BTreeSet<ContentHash>) {
        self.catalogue.send_if_modified(|catalogue| {
            let mut retained = Catalogue::clone(catalogue);
            let changed = retained.retain(held);
            if changed {
                *catalogue = Arc::new(retained);
            }
            changed
        });
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

impl fmt::Debug for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugins").field("catalogue", &self.catalogue).finish_non_exhaustive()
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
