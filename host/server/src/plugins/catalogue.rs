//! What the plugin directory offers at one moment.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use hookyard_domain::id::PluginName;
use hookyard_domain::plugin::ContentHash;

use super::Plugin;

/// A file that cannot serve.
#[derive(Debug, Clone)]
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
}

/// All plugins of a host at one moment. A snapshot: it never changes.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    offers: BTreeMap<PluginName, Offer>,
    rejected: Vec<Rejected>,
}

impl Catalogue {
    /// Of two files with one plugin, the higher version serves.
    pub(super) fn add(&mut self, plugin: Plugin) {
        let path = plugin.path.display().to_string();
        tracing::info!(plugin = %plugin.manifest.plugin(), path, sha256 = %plugin.component.hash(), "plugin loaded");
        for warning in &plugin.warnings {
            tracing::warn!(plugin = %plugin.manifest.plugin(), path, warning, "manifest");
        }
        match self.offers.entry(plugin.manifest.name.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Offer { current: Arc::new(plugin), kept: Vec::new() });
            }
            Entry::Occupied(mut occupied) => {
                let current = &mut occupied.get_mut().current;
                let (new, old) = (plugin.manifest.plugin(), current.manifest.plugin());
                let other = current.path.clone();
                if plugin.manifest.semantic_version() > current.manifest.semantic_version() {
                    *current = Arc::new(plugin);
                    self.reject(other, format!("{old}: {new} of {path} is newer and serves instead"));
                } else {
                    self.reject(plugin.path, format!("{new}: {old} of {} serves already", other.display()));
                }
            }
        }
    }

    pub(super) fn reject(&mut self, path: PathBuf, reason: String) {
        tracing::error!(path = %path.display(), reason, "plugin rejected");
        self.rejected.push(Rejected { path, reason });
    }

    /// Keeps the versions of `before` beside those that serve now.
    pub(super) fn keep(&mut self, before: &Self) {
        for (name, offer) in &mut self.offers {
            let of_before = before.offers.get(name).into_iter();
            let of_before = of_before.flat_map(|before| std::iter::once(&before.current).chain(&before.kept));
            let serves = offer.current.component.hash();
            offer.kept = of_before.filter(|plugin| plugin.component.hash() != serves).cloned().collect();
        }
    }

    /// Lets go of kept versions that are none of these; says whether there were any.
    pub(super) fn retain(&mut self, held: &BTreeSet<ContentHash>) -> bool {
        let count = |offers: &BTreeMap<PluginName, Offer>| offers.values().map(|offer| offer.kept.len()).sum::<usize>();
        let before = count(&self.offers);
        for offer in self.offers.values_mut() {
            offer.kept.retain(|plugin| held.contains(&plugin.component.hash()));
        }
        count(&self.offers) != before
    }

    /// The plugin of this name at the version that serves.
    pub fn get(&self, name: &PluginName) -> Option<&Arc<Plugin>> {
        self.offers.get(name).map(|offer| &offer.current)
    }

    /// The plugin of this name with exactly this content, current or kept.
    pub fn version(&self, name: &PluginName, content: ContentHash) -> Option<&Arc<Plugin>> {
        let offer = self.offers.get(name)?;
        std::iter::once(&offer.current).chain(&offer.kept).find(|plugin| plugin.component.hash() == content)
    }

    /// The plugins that serve, each at its current version, by name.
    pub fn serving(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        self.offers.values().map(|offer| &offer.current)
    }

    /// Files that cannot serve.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }
}
