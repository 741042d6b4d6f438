//! What the plugin directory offers at one moment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hookyard_domain::id::PluginName;
use hookyard_domain::plugin::{ContentHash, PluginVersion};

use super::Plugin;
use super::report::{FileReport, FileState};
use super::roster::{Entry, Roster};

/// A file that cannot serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The file.
    pub path: PathBuf,
    /// Why, and the way out.
    pub reason: String,
}

/// A plugin with the versions that are loaded of it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The version that new connections get, and that the others move on to.
    pub current: Arc<Plugin>,
    /// Other versions: what connections stay on, and what a rollback goes back to.
    pub kept: Vec<Arc<Plugin>>,
    /// What a rollback goes back to.
    pub previous: Option<(ContentHash, PluginVersion)>,
    /// The operator wants this version to serve, whatever the files say.
    pub pinned: bool,
    /// Contents that were rolled back and do not come again by themselves, the newest last.
    pub held_back: Vec<ContentHash>,
}

/// All plugins of a host at one moment. A snapshot: it never changes.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    offers: BTreeMap<PluginName, Offer>,
    rejected: Vec<Rejected>,
}

impl Catalogue {
    /// What serves, and which files cannot.
    pub(super) fn of(roster: &Roster, files: &[FileReport]) -> Self {
        let offer = |(name, entry): (&PluginName, &Entry)| Some((name.clone(), Offer::of(entry)?));
        let rejected = files.iter().filter(|file| file.state == FileState::Rejected);
        let rejected = rejected
            .map(|file| Rejected { path: file.path.clone(), reason: file.reason.clone().unwrap_or_default() })
            .collect();
        Self { offers: roster.entries.iter().filter_map(offer).collect(), rejected }
    }

    /// Whether a reader could tell the two apart.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let offers = || self.offers.values().zip(other.offers.values());
        self.rejected == other.rejected
            && self.offers.keys().eq(other.offers.keys())
            && offers().all(|(one, other)| one.is_same(other))
    }

    /// The plugin of this name at the version that serves.
    pub fn get(&self, name: &PluginName) -> Option<&Arc<Plugin>> {
        self.offers.get(name).map(|offer| &offer.current)
    }

    /// The plugin of this name with everything that is loaded of it.
    pub fn offer(&self, name: &PluginName) -> Option<&Offer> {
        self.offers.get(name)
    }

    /// The plugin of this name with exactly this content, current or kept.
    pub fn version(&self, name: &PluginName, content: ContentHash) -> Option<&Arc<Plugin>> {
        let offer = self.offers.get(name)?;
        std::iter::once(&offer.current).chain(&offer.kept).find(|plugin| plugin.content() == content)
    }

    /// The plugins that serve, each at its current version, by name.
    pub fn serving(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        self.offers.values().map(|offer| &offer.current)
    }

    /// All plugins with everything that is loaded of them, by name.
    pub fn offers(&self) -> impl Iterator<Item = &Offer> {
        self.offers.values()
    }

    /// Files that cannot serve.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }
}

impl Offer {
    /// `None`: what is to serve is not loaded.
    fn of(entry: &Entry) -> Option<Self> {
        let current = Arc::clone(entry.current()?);
        let kept = entry.loaded.iter().filter(|(content, _)| **content != entry.state.serving);
        let kept = kept.map(|(_, plugin)| Arc::clone(plugin)).collect();
        let state = &entry.state;
        let version = |version: &String| PluginVersion { name: state.name.clone(), version: version.clone() };
        let previous = state.previous.as_ref().map(|(content, text)| (*content, version(text)));
        let (pinned, held_back) = (state.pinned.is_some(), state.held_back.clone());
        Some(Self { current, kept, previous, pinned, held_back })
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.current, &other.current)
            && self.kept.len() == other.kept.len()
            && self.kept.iter().zip(&other.kept).all(|(one, other)| Arc::ptr_eq(one, other))
            && (&self.previous, self.pinned, &self.held_back) == (&other.previous, other.pinned, &other.held_back)
    }
}
