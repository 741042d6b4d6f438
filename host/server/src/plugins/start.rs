//! How plugins begin: what lies in the directory, and what was decided before the host was stopped.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::limit;
use hookyard_sandbox::Sandbox;
use tokio::sync::{Notify, mpsc, watch as channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::catalogue::Catalogue;
use super::directory::Listing;
use super::files::Files;
use super::keeper::{Keeper, Look, Progress};
use super::read::{self, Reader};
use super::report::{FileReport, report};
use super::roster::{Entry, Roster};
use super::select::Selection;
use super::shelf::Shelf;
use super::tell::Told;
use super::watch::DirectoryWatch;
use super::{Plugins, StartError, Surroundings};

/// Loads what there is, and hands it to the task that keeps it.
pub(super) async fn start(surroundings: Surroundings) -> Result<Plugins, StartError> {
    let Surroundings { directory, data, sandbox, store, clock, entropy, hash_key, trials } = surroundings;
    let states = store.plugin_states().await?;
    let held: BTreeSet<_> = store.held_versions().await?.into_iter().map(|held| held.content).collect();
    let components = data.join("components");
    let at = components.clone();
    let opened =
        tokio::task::spawn_blocking(move || Shelf::open(at)).await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    let shelf = opened.map_err(|source| StartError::Components { path: components, source })?;
    let entries = states.into_iter().map(|state| (state.name.clone(), Entry::kept(state))).collect();

    let wake = Arc::new(Notify::new());
    let (changes, changes_wanted) = mpsc::channel(limit::PLUGIN_CHANGES_WAITING_MAX);
    let (compiling, compiles) = mpsc::channel(limit::COMPILES_AT_ONCE);
    let (catalogue, reports) = (channel::Sender::default(), channel::Sender::default());
    let (held, stop) = (channel::Sender::new(held), channel::Sender::new(false));
    let (catalogue_shown, reports_shown) = (catalogue.subscribe(), reports.subscribe());
    let mut keeper = Keeper {
        watch: DirectoryWatch::new(&directory, Arc::clone(&wake)),
        directory,
        store,
        clock,
        entropy,
        hash_key,
        trials,
        reader: Reader::new(sandbox),
        shelf,
        wake: Arc::clone(&wake),
        changes: changes_wanted,
        held: held.subscribe(),
        catalogue,
        reports,
        progress: Progress { sender: compiling, receiver: compiles },
        files: Files::default(),
        roster: Roster { entries, spare: BTreeMap::new() },
        selection: Selection::default(),
        troubles: BTreeMap::new(),
        told: Told::default(),
        tasks: JoinSet::new(),
        work: HashMap::new(),
        restoring: BTreeSet::new(),
        restore_again: BTreeMap::new(),
        going_back: BTreeMap::new(),
        look: Look::new(Instant::now()),
    };
    keeper.begin().await;
    let keeper = tokio::spawn(keeper.run(stop.subscribe()));
    Ok(Plugins {
        catalogue: catalogue_shown,
        files: reports_shown,
        changes,
        held,
        wake,
        stop,
        keeper: Mutex::new(Some(keeper)),
    })
}

impl Keeper {
    /// Reads the directory, then what was kept and is not in it any more.
    async fn begin(&mut self) {
        let began = Instant::now();
        let until = began + limit::PLUGIN_START_WAIT;
        let directory = self.directory.clone();
        let listed = tokio::task::spawn_blocking(move || Listing::of(&directory));
        let listing = listed.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        if listing.as_ref().is_ok_and(|listing| listing.directory.is_none()) {
            tracing::warn!(directory = %self.directory.display(), "the plugin directory does not exist");
        }
        self.take_in(listing, true);
        // Whether a file that is not there is gone, or about to be replaced, time will tell; as it does while the host runs.
        let stood = self.roster.entries.values().flat_map(|entry| entry.state.paths.iter().map(|(file, _)| file));
        self.files.miss(stood, Instant::now());
        let in_time = self.drain(until).await;
        self.adopt().await;
        let needed: BTreeSet<_> = self.roster.entries.values().flat_map(Entry::contents).collect();
        let held: Vec<_> = self.held.borrow().iter().copied().collect();
        self.restore(needed.into_iter().chain(held));
        let in_time = self.drain(until.max(Instant::now() + limit::PLUGIN_POLL)).await && in_time;
        if !in_time {
            let seconds = began.elapsed().as_secs();
            tracing::warn!(seconds, "the host starts although components are still being compiled");
        }
        self.settle().await;
        self.sweep().await;
        let (plugins, files) = (self.roster.entries.len(), self.files.iter().count());
        tracing::info!(
            plugins,
            files,
            ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "plugins ready"
        );
    }
}

impl Keeper {
    /// What is kept and lies in a file as well need not be loaded once more; and what should be kept and is not is kept again.
    async fn adopt(&mut self) {
        let in_files: Vec<_> = self.files.iter().filter_map(|(_, file)| file.usable().cloned()).collect();
        let mut missing = BTreeMap::new();
        for plugin in in_files {
            let content = plugin.content();
            if let Some(entry) = self.roster.entries.get_mut(&plugin.manifest.name)
                && entry.contents().any(|known| known == content)
            {
                if !self.shelf.has(content) {
                    missing.insert(content, plugin.path.clone());
                }
                entry.loaded.entry(content).or_insert(plugin);
            }
        }
        for (content, reason) in self.put(missing).await {
            tracing::error!(sha256 = %content, reason, "a component that serves is not kept: a restart needs its file");
        }
    }
}

/// Reads a directory and selects what would serve.
///
/// # Errors
/// The directory cannot be read.
pub(super) async fn look_once(directory: &Path, sandbox: &Sandbox) -> io::Result<(Catalogue, Vec<FileReport>)> {
    let at = directory.to_owned();
    let listing = tokio::task::spawn_blocking(move || Listing::of(&at)).await.map_err(io::Error::other)??;
    if listing.directory.is_none() {
        tracing::warn!(directory = %directory.display(), "the plugin directory does not exist");
    }
    let now = Instant::now();
    let mut files = Files::default();
    files.observe(listing, now);
    for name in files.due(now, true) {
        let read = read::plugin(&directory.join(&name), sandbox).await;
        files.read(&name, read.map(Arc::new), now);
    }
    let mut roster = Roster::default();
    let decided = roster.decide(&files, None, &BTreeSet::new());
    for decision in decided.decisions {
        roster.entries.extend(decision.next.map(|next| (decision.name, next)));
    }
    let never = Timestamp::from_millis(0);
    let reports = report(directory, &files, &decided.selection, &BTreeMap::new(), &[], never);
    Ok((Catalogue::of(&roster, &reports), reports))
}
