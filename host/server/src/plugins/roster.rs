//! What was decided about each plugin, and what follows from the files now. Pure: nothing is read, written or remembered here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hookyard_domain::id::PluginName;
use hookyard_domain::plugin::ContentHash;
use hookyard_store::PluginState;

use super::Plugin;
use super::files::Files;
use super::select::{Candidate, Known, Place, Selection, Winner, select};

/// The plugins that serve, or served before the host was started.
#[derive(Debug, Default)]
pub(super) struct Roster {
    pub(super) entries: BTreeMap<PluginName, Entry>,
    /// Contents of plugins without a file that connections held when it went away, for when one comes back.
    pub(super) spare: BTreeMap<ContentHash, Arc<Plugin>>,
}

/// One plugin.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// What the store knows of it.
    pub(super) state: PluginState,
    /// The file that it serves from.
    pub(super) file: String,
    /// Its contents that are loaded. All of them are kept in the data directory.
    pub(super) loaded: BTreeMap<ContentHash, Arc<Plugin>>,
}

/// What is to become of one plugin.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) name: PluginName,
    /// `None`: no file of it is left.
    pub(super) next: Option<Entry>,
}

/// Who is to serve, and what has to be done for that.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) selection: Selection,
    pub(super) decisions: Vec<Decision>,
}

impl Entry {
    /// A plugin as the store knows it; nothing of it is loaded yet.
    pub(super) fn kept(state: PluginState) -> Self {
        let serving = state.paths.iter().find(|(_, content)| *content == state.serving);
        let file = serving.or_else(|| state.paths.first()).map(|(file, _)| file.clone()).unwrap_or_default();
        Self { state, file, loaded: BTreeMap::new() }
    }

    /// The version that serves, once it is loaded.
    pub(super) fn current(&self) -> Option<&Arc<Plugin>> {
        self.loaded.get(&self.state.serving)
    }

    /// Every content that the state speaks of and that may have to serve again.
    pub(super) fn contents(&self) -> impl Iterator<Item = ContentHash> {
        let state = &self.state;
        let previous = state.previous.iter().map(|(content, _)| *content);
        let standing = state.paths.iter().map(|(_, content)| *content);
        std::iter::once(state.serving).chain(previous).chain(state.pinned).chain(standing)
    }
}

impl Roster {
    /// Decides about all plugins but the `undecided`, of which too little is loaded yet. `change` is what the operator, or a trial,
    /// wants of one plugin, in place of what is known of it.
    pub(super) fn decide(
        &self,
        files: &Files,
        change: Option<&PluginState>,
        undecided: &BTreeSet<PluginName>,
    ) -> Decided {
        let state_of = |entry: &'_ Entry| match change {
            Some(changed) if changed.name == entry.state.name => changed.clone(),
            _ => entry.state.clone(),
        };
        let states: BTreeMap<_, _> = self.entries.iter().map(|(name, entry)| (name.clone(), state_of(entry))).collect();
        let places = self.places(files, &states);
        let known = states.iter().map(|(name, state)| (name.clone(), self.known(files, name, state))).collect();
        let selection = select(&places, &known);
        let mut with_files: BTreeSet<_> = places.values().filter_map(Place::plugin).collect();
        // A file that cannot be used may be the plugin's, although nothing of it is loaded that could stand in.
        let is_unclear = |file: &String| places.get(file).is_some_and(|place| place.now.is_none());
        let unclear = states.iter().filter(|(_, state)| state.paths.iter().any(|(file, _)| is_unclear(file)));
        with_files.extend(unclear.map(|(name, _)| name));
        let mut decided = Decided::default();
        for (name, winner) in selection.serving.iter().filter(|(name, _)| !undecided.contains(*name)) {
            if let Some(next) = self.next(files, &places, states.get(name), winner) {
                decided.decisions.push(Decision { name: name.clone(), next: Some(next) });
            }
        }
        let gone = self.entries.keys().filter(|name| !with_files.contains(name) && !undecided.contains(*name));
        decided.decisions.extend(gone.map(|name| Decision { name: name.clone(), next: None }));
        decided.selection = selection;
        decided
    }

    fn places(&self, files: &Files, states: &BTreeMap<PluginName, PluginState>) -> BTreeMap<String, Place> {
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        for (name, file) in files.iter() {
            let now = file.usable().map(|plugin| Candidate::of(plugin));
            places.insert(name.to_owned(), Place { there: file.is_there(), now, standing: None });
        }
        for (name, state) in states {
            for (file, content) in &state.paths {
                let loaded = self.entries.get(name).and_then(|entry| entry.loaded.get(content));
                if let (Some(place), Some(plugin)) = (places.get_mut(file), loaded) {
                    place.standing = Some(Candidate::of(plugin));
                }
            }
        }
        places
    }

    fn known(&self, files: &Files, name: &PluginName, state: &PluginState) -> Known {
        let candidate = |content| self.find(files, name, content).map(|plugin| Candidate::of(&plugin));
        Known {
            serving: candidate(state.serving),
            file: self.entries.get(name).map(|entry| entry.file.clone()),
            pinned: state.pinned.and_then(candidate),
            held_back: state.held_back.clone(),
        }
    }

    /// This content of a plugin, if it is loaded.
    pub(super) fn find(&self, files: &Files, name: &PluginName, content: ContentHash) -> Option<Arc<Plugin>> {
        let is_it = |plugin: &&Arc<Plugin>| plugin.manifest.name == *name && plugin.content() == content;
        let kept = self.entries.get(name).and_then(|entry| entry.loaded.get(&content));
        kept.or_else(|| files.iter().filter_map(|(_, file)| file.usable()).find(is_it)).cloned()
    }

    /// The plugin as it is to be, or `None` if its winner is not loaded.
    fn next(
        &self,
        files: &Files,
        places: &BTreeMap<String, Place>,
        state: Option<&PluginState>,
        winner: &Winner,
    ) -> Option<Entry> {
        let (content, name) = (winner.candidate.content, &winner.candidate.plugin.name);
        let in_file = files.get(&winner.file).and_then(|file| file.usable());
        let plugin = match in_file.filter(|plugin| plugin.content() == content) {
            Some(plugin) => Arc::clone(plugin),
            None => self.find(files, name, content)?,
        };
        let before = self.entries.get(name).filter(|entry| entry.current().is_some());
        let mut loaded = self.entries.get(name).map(|entry| entry.loaded.clone()).unwrap_or_default();
        // Another file with the same content is another plugin object; the same file is not.
        if loaded.get(&content).is_none_or(|known| known.path != plugin.path) {
            loaded.insert(content, Arc::clone(&plugin));
        }
        let stood = |file: &str| {
            let known = state.into_iter().flat_map(|state| &state.paths).find(|(known, _)| known == file);
            if file == winner.file { Some(content) } else { known.map(|(_, content)| *content) }
        };
        let of_plugin = places.iter().filter(|(_, place)| place.plugin() == Some(name));
        let paths = of_plugin.filter_map(|(file, _)| stood(file).map(|content| (file.clone(), content))).collect();
        let served = state.filter(|state| before.is_some() && state.serving != content);
        let previous = match served {
            Some(state) => Some((state.serving, state.version.clone())),
            None => state.and_then(|state| state.previous.clone()),
        };
        let state = PluginState {
            name: name.clone(),
            serving: content,
            version: plugin.manifest.version.clone(),
            paths,
            previous: previous.filter(|(previous, _)| *previous != content),
            pinned: state.and_then(|state| state.pinned),
            held_back: state.map(|state| state.held_back.clone()).unwrap_or_default(),
        };
        Some(Entry { state, file: winner.file.clone(), loaded })
    }
}
