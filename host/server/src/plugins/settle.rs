//! From what the files are to what serves: decide, keep the components, write the decisions down, and only then let them show.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use hookyard_domain::id::PluginName;
use hookyard_domain::plugin::ContentHash;
use hookyard_store::PluginState;

use super::keeper::Keeper;
use super::report::report;
use super::roster::{Decision, Entry};
use super::{Catalogue, Plugin};

/// Decisions that are written down at a time.
const SAVED_AT_ONCE: usize = 256;

impl Keeper {
    /// Lets serve what the files say. What cannot be written down does not happen, and is tried again with the next look.
    pub(super) async fn settle(&mut self) {
        self.settle_with(None).await;
    }

    /// The same with what the operator, or a trial, wants of one plugin. Nothing of that is kept where it cannot be written down:
    /// then [`Keeper::trouble_of`] says why.
    pub(super) async fn settle_with(&mut self, change: Option<&PluginState>) {
        let decided = self.roster.decide(&self.files, change, &self.undecided());
        self.selection = decided.selection;
        let (to_write, unchanged): (Vec<_>, Vec<_>) =
            decided.decisions.into_iter().partition(|decision| self.differs(decision));
        let troubles = self.write(&to_write).await;
        self.troubles.retain(|file, _| troubles.values().any(|(known, _)| known == file));
        for (name, (file, reason)) in &troubles {
            if self.troubles.insert(file.clone(), reason.clone()).as_ref() != Some(reason) {
                tracing::error!(plugin = %name, file, reason, "a plugin cannot change; it is tried again");
            }
        }
        let written = to_write.into_iter().filter(|decision| !troubles.contains_key(&decision.name));
        let mut changed = false;
        for decision in written.chain(unchanged) {
            changed |= self.apply(decision, change);
        }
        self.publish().await;
        if changed {
            self.sweep().await;
        }
    }

    /// What hinders this plugin's change.
    pub(super) fn trouble_of(&self, name: &PluginName) -> Option<&str> {
        let file = &self.roster.entries.get(name)?.file;
        self.troubles.get(file).map(String::as_str)
    }

    /// Plugins whose kept contents are still being loaded: too little is known to decide about them.
    fn undecided(&self) -> BTreeSet<PluginName> {
        let waits = |entry: &Entry| entry.contents().any(|content| self.restoring.contains(&content));
        self.roster.entries.iter().filter(|(_, entry)| waits(entry)).map(|(name, _)| name.clone()).collect()
    }

    fn differs(&self, decision: &Decision) -> bool {
        let known = self.roster.entries.get(&decision.name);
        decision.next.as_ref().map(|next| &next.state) != known.map(|known| &known.state)
    }

    /// Makes decisions durable: first the components, then who serves. Returns those that are not, with the file and the reason.
    async fn write(&mut self, decisions: &[Decision]) -> BTreeMap<PluginName, (String, String)> {
        let unkept = self.keep(decisions).await;
        let mut troubles = BTreeMap::new();
        for some in decisions.chunks(SAVED_AT_ONCE) {
            let saved = some.iter().map(|decision| self.save(decision, &unkept));
            for (decision, saved) in some.iter().zip(join_all(saved).await) {
                if let Err(reason) = saved {
                    let known = decision.next.as_ref().or_else(|| self.roster.entries.get(&decision.name));
                    let file = known.map(|entry| entry.file.clone()).unwrap_or_default();
                    troubles.insert(decision.name.clone(), (file, reason));
                }
            }
        }
        troubles
    }

    async fn save(&self, decision: &Decision, unkept: &BTreeMap<ContentHash, String>) -> Result<(), String> {
        let cannot = |reason: &dyn std::fmt::Display| format!("it cannot take over: {reason}");
        let Some(next) = &decision.next else {
            return self.store.remove_plugin_state(&decision.name).await.map_err(|error| cannot(&error));
        };
        if let Some(reason) = unkept.get(&next.state.serving) {
            return Err(cannot(reason));
        }
        self.store.save_plugin_state(next.state.clone()).await.map_err(|error| cannot(&error))
    }

    /// Keeps the contents that are to serve in the data directory. Returns those that are not, with the reason.
    async fn keep(&mut self, decisions: &[Decision]) -> BTreeMap<ContentHash, String> {
        let next = decisions.iter().filter_map(|decision| decision.next.as_ref());
        let wanted: BTreeMap<ContentHash, PathBuf> = next
            .flat_map(|next| {
                next.contents().filter_map(|content| Some((content, next.loaded.get(&content)?.path.clone())))
            })
            .filter(|(content, _)| !self.shelf.has(*content))
            .collect();
        self.put(wanted).await
    }

    /// Keeps these contents, each from the file that holds it. Returns those that are not kept, with the reason.
    pub(super) async fn put(&mut self, wanted: BTreeMap<ContentHash, PathBuf>) -> BTreeMap<ContentHash, String> {
        if wanted.is_empty() {
            return BTreeMap::new();
        }
        let mut shelf = self.shelf.clone();
        let contents: Vec<_> = wanted.keys().copied().collect();
        let put = tokio::task::spawn_blocking(move || {
            let failed = shelf.put(&wanted);
            (shelf, failed)
        });
        match put.await {
            Ok((shelf, failed)) => {
                self.shelf = shelf;
                failed
            }
            // What was put is found again at the next start.
            Err(panic) => contents.into_iter().map(|content| (content, panic.to_string())).collect(),
        }
    }

    /// Makes a decision true in memory. Returns whether other contents than before are needed.
    fn apply(&mut self, decision: Decision, change: Option<&PluginState>) -> bool {
        let Decision { name, next } = decision;
        let Some(mut next) = next else {
            self.trials.forget(&name);
            let loaded = self.roster.entries.remove(&name).map(|entry| entry.loaded).unwrap_or_default();
            let held = self.held.borrow();
            self.roster.spare.extend(loaded.into_iter().filter(|(content, _)| held.contains(content)));
            tracing::info!(plugin = %name, "plugin removed: no file of it is left");
            return true;
        };
        let (from, to) = (self.roster.entries.get(&name).and_then(Entry::current).cloned(), next.current().cloned());
        let is_asked_for = |to| {
            change.is_some_and(|change| change.name == name && (change.serving == to || change.pinned == Some(to)))
        };
        let mut changed = true;
        match (from, to) {
            (Some(from), Some(to)) if from.content() != to.content() => {
                let (version, file) = (&to.manifest.version, &next.file);
                tracing::info!(plugin = %name, from = from.manifest.version, to = version, file, sha256 = %to.content(), "plugin swapped");
                // Who asked for a version has decided; only one that came by itself is on trial.
                if is_asked_for(to.content()) {
                    self.trials.end(&name);
                } else {
                    self.trials.begin(&name, from.content(), to.content());
                }
                warn_of(&to);
            }
            (None, Some(to)) => {
                let (version, file) = (&to.manifest.version, &next.file);
                tracing::info!(plugin = %name, version, file, sha256 = %to.content(), "plugin loaded");
                warn_of(&to);
                let is_of_it = |_: &ContentHash, plugin: &mut Arc<Plugin>| plugin.manifest.name == name;
                next.loaded.extend(self.roster.spare.extract_if(.., is_of_it));
                let held: Vec<_> = self.held.borrow().iter().copied().collect();
                self.roster.entries.insert(name, next);
                self.restore(held);
                return true;
            }
            _ => changed = false,
        }
        self.roster.entries.insert(name, next);
        changed
    }

    /// Shows how things are now, and tells of it what is new.
    pub(super) async fn publish(&mut self) {
        let before = Arc::clone(&self.reports.borrow());
        let now = self.clock.now();
        let reports = report(&self.directory, &self.files, &self.selection, &self.troubles, &before, now);
        let catalogue = Catalogue::of(&self.roster, &reports);
        if !catalogue.is_same(&self.catalogue.borrow()) {
            self.catalogue.send_replace(Arc::new(catalogue));
        }
        if reports != **before {
            self.reports.send_replace(Arc::new(reports));
        }
        self.tell().await;
    }

    /// Lets go of versions that nothing works with any more.
    pub(super) async fn let_go(&mut self) {
        let held = self.held.borrow_and_update().clone();
        self.roster.spare.retain(|content, _| held.contains(content));
        for entry in self.roster.entries.values_mut() {
            let needed: BTreeSet<_> = entry.contents().collect();
            entry.loaded.retain(|content, _| needed.contains(content) || held.contains(content));
        }
        self.publish().await;
        self.sweep().await;
    }

    /// Removes kept components that nothing speaks of, and compiled code of what is neither kept nor in a file.
    pub(super) async fn sweep(&mut self) {
        let entries = self.roster.entries.values();
        let mut wanted: BTreeSet<_> =
            entries.flat_map(|entry| entry.contents().chain(entry.loaded.keys().copied())).collect();
        wanted.extend(self.held.borrow().iter().copied());
        wanted.extend(self.restoring.iter().copied());
        // Whatever is being read may need its code in a moment.
        if self.tasks.is_empty() {
            let in_files = self.files.iter().filter_map(|(_, file)| file.content());
            self.reader.retain(in_files.chain(wanted.iter().copied()).collect()).await;
        }
        if !self.shelf.has_others(&wanted) {
            return;
        }
        let mut shelf = self.shelf.clone();
        let swept = tokio::task::spawn_blocking(move || {
            shelf.sweep(&wanted);
            shelf
        });
        match swept.await {
            Ok(shelf) => self.shelf = shelf,
            Err(error) => tracing::error!(%error, "clearing away kept components ended in a panic"),
        }
    }
}

fn warn_of(plugin: &Plugin) {
    for warning in &plugin.warnings {
        let (plugin, path) = (plugin.manifest.plugin(), plugin.path.display());
        tracing::warn!(%plugin, %path, warning, "manifest");
    }
}
