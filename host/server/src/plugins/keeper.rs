//! The one task that changes plugins. It looks at the directory, has files read and compiled by other tasks, and applies what comes
//! of it in order: nothing here waits for a compiler.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::PluginName;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;
use hookyard_store::Store;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Catalogue;
use super::change::Change;
use super::directory::Listing;
use super::files::Files;
use super::plugin::{Plugin, Unusable};
use super::read::Reader;
use super::report::FileReport;
use super::roster::Roster;
use super::select::Selection;
use super::shelf::Shelf;
use super::tell::Told;
use super::watch::DirectoryWatch;
use crate::trials::{Trials, Verdict};

/// What the task works with.
pub(super) struct Keeper {
    pub(super) directory: PathBuf,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) hash_key: HashKey,
    pub(super) trials: Arc<Trials>,
    pub(super) reader: Reader,
    pub(super) shelf: Shelf,
    pub(super) watch: DirectoryWatch,
    pub(super) wake: Arc<Notify>,
    pub(super) changes: mpsc::Receiver<Change>,
    /// Contents that connections work with.
    pub(super) held: watch::Receiver<BTreeSet<ContentHash>>,
    pub(super) catalogue: watch::Sender<Arc<Catalogue>>,
    pub(super) reports: watch::Sender<Arc<Vec<FileReport>>>,
    pub(super) progress: Progress,
    pub(super) files: Files,
    pub(super) roster: Roster,
    pub(super) selection: Selection,
    /// Files that could serve if the host could write, and what hinders it.
    pub(super) troubles: BTreeMap<String, String>,
    pub(super) told: Told,
    pub(super) tasks: JoinSet<Result<Plugin, Unusable>>,
    pub(super) work: HashMap<Id, Work>,
    /// Kept contents that are being loaded.
    pub(super) restoring: BTreeSet<ContentHash>,
    /// Kept contents that the host could not load, and when it tries again.
    pub(super) restore_again: BTreeMap<ContentHash, Instant>,
    /// Versions that are to go back as soon as that can be written down.
    pub(super) going_back: BTreeMap<PluginName, Verdict>,
    pub(super) look: Look,
}

/// What a task is for.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// Reads this file, since then.
    Read(String, Instant),
    /// Loads this kept content.
    Restore(ContentHash),
}

/// Tasks say here that they compile now, and how many bytes.
pub(super) struct Progress {
    pub(super) sender: mpsc::Sender<(Id, usize)>,
    pub(super) receiver: mpsc::Receiver<(Id, usize)>,
}

/// The look at the directory.
#[derive(Debug)]
pub(super) struct Look {
    /// At most one is under way: a file system that hangs keeps nothing else waiting.
    under_way: JoinSet<io::Result<Listing>>,
    last: Instant,
    /// Something was heard since.
    woken: bool,
    /// The last look failed, which was told.
    failed: bool,
}

impl Look {
    pub(super) fn new(now: Instant) -> Self {
        Self { under_way: JoinSet::new(), last: now, woken: false, failed: false }
    }
}

impl Keeper {
    /// Goes on until the host stops.
    pub(super) async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        loop {
            let next = self.next_look();
            let trials = Arc::clone(&self.trials);
            tokio::select! {
                () = told_to_stop(&mut stopping) => return,
                Some(done) = self.tasks.join_next_with_id() => {
                    self.finished(done);
                    while let Some(done) = self.tasks.try_join_next_with_id() {
                        self.finished(done);
                    }
                    self.settle().await;
                }
                Some((id, bytes)) = self.progress.receiver.recv() => {
                    self.compiling(id, bytes);
                    self.publish().await;
                }
                Some(looked) = self.look.under_way.join_next() => self.looked(looked).await,
                Some(change) = self.changes.recv() => self.change(change).await,
                Ok(()) = self.held.changed() => self.let_go().await,
                verdict = trials.next_verdict() => self.judged(verdict).await,
                () = self.wake.notified(), if !self.look.woken => self.look.woken = true,
                () = sleep_until(next), if self.look.under_way.is_empty() => self.begin_look(),
            }
        }
    }

    /// When the directory is to be looked at next.
    fn next_look(&self) -> Instant {
        let earliest = self.look.last + limit::PLUGIN_SCAN_PAUSE;
        if self.look.woken {
            return earliest;
        }
        let poll = self.look.last + limit::PLUGIN_POLL;
        if self.look.failed {
            return poll;
        }
        self.files.next_change().map_or(poll, |at| at.clamp(earliest, poll))
    }

    fn begin_look(&mut self) {
        self.look.woken = false;
        self.look.last = Instant::now();
        let directory = self.directory.clone();
        self.look.under_way.spawn_blocking(move || Listing::of(&directory));
    }

    async fn looked(&mut self, looked: Result<io::Result<Listing>, JoinError>) {
        self.look.last = Instant::now();
        let listing = looked.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        self.take_in(listing, false);
        let now = Instant::now();
        let again: Vec<_> =
            self.restore_again.iter().filter(|(_, at)| **at <= now).map(|(content, _)| *content).collect();
        self.restore(again);
        // Also when nothing has changed: what the store refused before is tried again.
        self.settle().await;
        for verdict in std::mem::take(&mut self.going_back).into_values() {
            self.judged(verdict).await;
        }
    }

    /// Takes in a listing and begins to read what is due.
    pub(super) fn take_in(&mut self, listing: io::Result<Listing>, at_start: bool) {
        let now = Instant::now();
        match listing {
            Ok(listing) => {
                self.look.failed = false;
                self.watch.follow(listing.directory);
                if listing.left_out > 0 {
                    self.told.left_out(listing.left_out);
                }
                self.files.observe(listing, now);
            }
            Err(error) => {
                if !self.look.failed {
                    let directory = self.directory.display();
                    tracing::error!(%directory, %error, "the plugin directory cannot be read; what serves goes on");
                }
                self.look.failed = true;
            }
        }
        for name in self.files.due(now, at_start) {
            self.begin_read(&name, now);
        }
    }

    fn begin_read(&mut self, name: &str, now: Instant) {
        let Some(signature) = self.files.signature(name) else { return };
        let (reader, path, progress) = (self.reader.clone(), self.directory.join(name), self.progress.sender.clone());
        let compiling = async move |bytes| {
            // The receiver goes with the keeper, and then nobody wants to know.
            if let Some(id) = tokio::task::try_id() {
                progress.send((id, bytes)).await.unwrap_or_default();
            }
        };
        let task = self.tasks.spawn(async move { reader.plugin(&path, signature, compiling).await });
        self.work.insert(task.id(), Work::Read(name.to_owned(), now));
        self.files.begun(name, task);
    }

    /// Begins to load kept contents that are not loaded yet.
    pub(super) fn restore(&mut self, contents: impl IntoIterator<Item = ContentHash>) {
        for content in contents {
            if !self.shelf.has(content) || self.is_loaded(content) || !self.restoring.insert(content) {
                continue;
            }
            self.restore_again.remove(&content);
            let (reader, path) = (self.reader.clone(), self.shelf.path(content));
            let task = self.tasks.spawn(async move { reader.kept(&path, content).await });
            self.work.insert(task.id(), Work::Restore(content));
        }
    }

    fn is_loaded(&self, content: ContentHash) -> bool {
        let in_entries = self.roster.entries.values().any(|entry| entry.loaded.contains_key(&content));
        in_entries || self.roster.spare.contains_key(&content)
    }

    /// Takes in what came of a task.
    pub(super) fn finished(&mut self, done: Result<(Id, Result<Plugin, Unusable>), JoinError>) {
        let (id, read) = match done {
            Ok((id, read)) => (id, read),
            Err(error) => (error.id(), Err(Unusable::Host(error.to_string()))),
        };
        match self.work.remove(&id) {
            Some(Work::Read(name, begun)) => self.was_read(&name, id, begun, read),
            Some(Work::Restore(content)) => {
                self.restoring.remove(&content);
                self.was_restored(content, read);
            }
            None => {}
        }
    }

    fn was_read(&mut self, name: &str, id: Id, begun: Instant, read: Result<Plugin, Unusable>) {
        let now = Instant::now();
        let compiled = self.files.get(name).is_some_and(|file| file.is_compiled_by(id));
        let read = read.map(|plugin| self.shared(plugin));
        if self.files.finished(name, id, read, now) && compiled {
            let seconds = (now - begun).as_secs_f64();
            tracing::info!(file = name, seconds, "component compiled");
        }
    }

    /// The same file with the same content as before is the same plugin.
    fn shared(&self, plugin: Plugin) -> Arc<Plugin> {
        let entry = self.roster.entries.get(&plugin.manifest.name);
        let known = entry.and_then(|entry| entry.loaded.get(&plugin.content()));
        match known {
            Some(known) if known.path == plugin.path => Arc::clone(known),
            _ => Arc::new(plugin),
        }
    }

    fn was_restored(&mut self, content: ContentHash, read: Result<Plugin, Unusable>) {
        match read {
            Ok(mut plugin) => {
                let Some(entry) = self.roster.entries.get_mut(&plugin.manifest.name) else {
                    self.roster.spare.insert(content, Arc::new(plugin));
                    return;
                };
                let stood = entry.state.paths.iter().find(|(_, known)| *known == content);
                plugin.path = self.directory.join(stood.map_or(&entry.file, |(file, _)| file));
                entry.loaded.entry(content).or_insert_with(|| Arc::new(plugin));
            }
            Err(error @ Unusable::Content { .. }) => {
                self.shelf.lost(content);
                tracing::error!(sha256 = %content, %error, "a kept component cannot be used any more");
            }
            Err(error @ (Unusable::Host(_) | Unusable::Changed)) => {
                self.restore_again.insert(content, Instant::now() + limit::PLUGIN_RETRY_MAX);
                tracing::error!(sha256 = %content, %error, "a kept component cannot be loaded; it is tried again");
            }
        }
    }

    fn compiling(&mut self, id: Id, bytes: usize) {
        if let Some(Work::Read(name, _)) = self.work.get(&id)
            && self.files.compiling(name, id)
        {
            tracing::info!(file = name, bytes, "compiling a component");
        }
    }

    /// Waits until everything that was begun is done, at most until then. Returns whether it is.
    pub(super) async fn drain(&mut self, until: Instant) -> bool {
        let all = async {
            while !self.tasks.is_empty() {
                tokio::select! {
                    Some(done) = self.tasks.join_next_with_id() => self.finished(done),
                    Some((id, bytes)) = self.progress.receiver.recv() => self.compiling(id, bytes),
                }
            }
        };
        timeout_at(until, all).await.is_ok()
    }
}

/// Also when nobody is left who could tell.
async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stopping| *stopping).await);
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("directory", &self.directory).finish_non_exhaustive()
    }
}
