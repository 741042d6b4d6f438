//! The plugins of a host: what lies in the plugin directory, what serves of it, and what was kept so that it can serve again.
//!
//! One task (the keeper) changes them: it looks at the directory, has new files read and compiled, selects what serves, keeps that in
//! the data directory, writes the decision down, and only then publishes a new [`Catalogue`].

mod catalogue;
mod change;
mod directory;
mod files;
mod keeper;
mod plugin;
mod read;
mod report;
mod roster;
mod select;
mod settle;
mod shelf;
mod start;
mod tell;
mod watch;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::PluginName;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::plugin::ContentHash;
use hookyard_sandbox::Sandbox;
use hookyard_store::{Store, StoreError};
use tokio::sync::{Notify, mpsc, oneshot, watch as channel};
use tokio::task::JoinHandle;

use crate::trials::Trials;
pub use catalogue::{Catalogue, Offer, Rejected};
use change::{Change, STOPPED};
pub use change::{PinError, RollbackError, RollbackReason};
pub use plugin::Plugin;
pub use report::{FileReport, FileState};

/// What living plugins need.
#[derive(Debug)]
pub struct Surroundings {
    /// The plugin directory. It need not exist yet.
    pub directory: PathBuf,
    /// The data directory; components are kept below it, in `components`.
    pub data: PathBuf,
    /// Where components run.
    pub sandbox: Arc<Sandbox>,
    /// Where decisions are written down.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The host's own key.
    pub hash_key: HashKey,
    /// Judges new versions.
    pub trials: Arc<Trials>,
}

/// Plugins cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory for kept components cannot be made, made private, or read.
    #[error("the directory for kept components cannot be used: {path}")]
    Components {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What was decided before cannot be read.
    #[error("what is known of plugins cannot be read")]
    Store(#[from] StoreError),
}

/// The plugins of a host, over time.
#[derive(Debug)]
pub struct Plugins {
    catalogue: channel::Receiver<Arc<Catalogue>>,
    files: channel::Receiver<Arc<Vec<FileReport>>>,
    changes: mpsc::Sender<Change>,
    held: channel::Sender<BTreeSet<ContentHash>>,
    wake: Arc<Notify>,
    stop: channel::Sender<bool>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Plugins {
    /// Reads the directory once, for a look: nothing is kept, and nothing changes afterwards. A file that cannot serve is listed with
    /// its reason and hurts no other.
    ///
    /// # Errors
    /// The directory cannot be read. One that does not exist holds no plugins.
    pub async fn load(directory: &Path, sandbox: &Sandbox) -> io::Result<Self> {
        let (catalogue, files) = start::look_once(directory, sandbox).await?;
        Ok(Self {
            catalogue: channel::Sender::new(Arc::new(catalogue)).subscribe(),
            files: channel::Sender::new(Arc::new(files)).subscribe(),
            changes: mpsc::channel(1).0,
            held: channel::Sender::new(BTreeSet::new()),
            wake: Arc::default(),
            stop: channel::Sender::new(true),
            keeper: Mutex::default(),
        })
    }

    /// Loads the directory and keeps following it. When this returns, what was compiled before serves, and so does what could be
    /// compiled within [`PLUGIN_START_WAIT`](hookyard_domain::limit::PLUGIN_START_WAIT); the rest goes on in the background. What served
    /// before a restart serves again, whatever has become of its file.
    ///
    /// # Errors
    /// The data directory or the store cannot be used. A plugin directory that cannot be read is an empty one until it can.
    pub async fn start(surroundings: Surroundings) -> Result<Arc<Self>, StartError> {
        start::start(surroundings).await.map(Arc::new)
    }

    /// What there is now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.borrow())
    }

    /// Follows what there is. Moves when another version serves, is kept or let go, and when a file is rejected.
    pub fn changes(&self) -> channel::Receiver<Arc<Catalogue>> {
        self.catalogue.clone()
    }

    /// What became of each file of the directory, by name.
    pub fn files(&self) -> Arc<Vec<FileReport>> {
        Arc::clone(&self.files.borrow())
    }

    /// Follows what becomes of files. What serves shows in the catalogue first.
    pub fn file_changes(&self) -> channel::Receiver<Arc<Vec<FileReport>>> {
        self.files.clone()
    }

    /// Lets a version serve from now on, durably, whatever the files say: this one of those that are here, or the one that serves.
    ///
    /// # Errors
    /// There is no such plugin or version, or it cannot be written down. Nothing has changed.
    pub async fn pin(&self, name: &PluginName, version: Option<&str>) -> Result<(), PinError> {
        let (name, version) = (name.clone(), version.map(str::to_owned));
        let stopped = || PinError::Unavailable(STOPPED.to_owned());
        self.ask(|answer| Change::Pin { name, version, answer }).await.unwrap_or_else(|| Err(stopped()))
    }

    /// Lets the files decide again, durably; what was rolled back may come again.
    ///
    /// # Errors
    /// There is no such plugin, or it cannot be written down. Nothing has changed.
    pub async fn unpin(&self, name: &PluginName) -> Result<(), PinError> {
        let stopped = || PinError::Unavailable(STOPPED.to_owned());
        let name = name.clone();
        self.ask(|answer| Change::Unpin { name, answer }).await.unwrap_or_else(|| Err(stopped()))
    }

    /// Goes back to the version that served before, durably. The content that is left does not come again by itself.
    ///
    /// # Errors
    /// There is no such plugin or no version before, it is pinned, or it cannot be written down. Nothing has changed.
    pub async fn roll_back(&self, name: &PluginName, reason: RollbackReason) -> Result<(), RollbackError> {
        let stopped = || RollbackError::Unavailable(STOPPED.to_owned());
        let name = name.clone();
        self.ask(|answer| Change::RollBack { name, reason, answer }).await.unwrap_or_else(|| Err(stopped()))
    }

    /// Connections work with these contents, and with no others but the current ones: what else was kept only for them is let go.
    pub fn retain(&self, held: &BTreeSet<ContentHash>) {
        // Also when nothing else is held than before: a version may have come and gone in between.
        self.held.send_replace(held.clone());
    }

    /// Looks at the directory now rather than at the next opportunity.
    pub fn rescan(&self) {
        self.wake.notify_one();
    }

    /// Changes nothing any more, and gives up what is being compiled.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(keeper) = keeper
            && let Err(error) = keeper.await
        {
            tracing::error!(%error, "keeping plugins ended in a panic");
        }
    }

    /// `None`: nobody answers any more.
    async fn ask<T>(&self, change: impl FnOnce(oneshot::Sender<T>) -> Change) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.changes.send(change(answer)).await.ok()?;
        answered.await.ok()
    }
}
