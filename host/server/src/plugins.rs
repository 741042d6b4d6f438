//! The plugins that were found in the plugin directory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_capability::EventRules;
use hookyard_domain::config::ConfigSchema;
use hookyard_domain::id::PluginName;
use hookyard_domain::limit;
use hookyard_domain::manifest::Manifest;
use hookyard_sandbox::{Component, Sandbox};

use crate::action_rules::ActionRules;

/// A plugin that can serve.
#[derive(Debug)]
pub struct Plugin {
    /// Its description of itself.
    pub manifest: Manifest,
    /// What in the manifest this host does not know.
    pub warnings: Vec<String>,
    /// Its code.
    pub component: Component,
    /// What its connections' configs must look like.
    pub config_schema: ConfigSchema,
    /// What it may emit.
    pub event_rules: Arc<EventRules>,
    /// What it can be asked to do.
    pub actions: ActionRules,
    /// The file that it was loaded from.
    pub path: PathBuf,
}

/// A file that cannot serve.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// The file.
    pub path: PathBuf,
    /// Why, and the way out.
    pub reason: String,
}

/// All plugins of a host.
#[derive(Debug, Default)]
pub struct Plugins {
    serving: BTreeMap<PluginName, Arc<Plugin>>,
    rejected: Vec<Rejected>,
}

impl Plugins {
    /// Loads every `*.wasm` of a directory. A file that cannot serve is listed with its reason and hurts no other.
    ///
    /// # Errors
    /// The directory cannot be read. One that does not exist holds no plugins.
    pub async fn load(directory: &Path, sandbox: &Sandbox) -> io::Result<Self> {
        let mut plugins = Self::default();
        for path in components_in(directory).await? {
            match Plugin::load(&path, sandbox).await {
                Ok(plugin) => plugins.add(plugin),
                Err(reason) => plugins.reject(path, reason),
            }
        }
        Ok(plugins)
    }

    /// Of two files with one plugin, the higher version serves.
    fn add(&mut self, plugin: Plugin) {
        let path = plugin.path.display().to_string();
        tracing::info!(plugin = %plugin.manifest.plugin(), path, sha256 = %plugin.component.hash(), "plugin loaded");
        for warning in &plugin.warnings {
            tracing::warn!(plugin = %plugin.manifest.plugin(), path, warning, "manifest");
        }
        match self.serving.entry(plugin.manifest.name.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Arc::new(plugin));
            }
            Entry::Occupied(mut occupied) => {
                let (new, old) = (plugin.manifest.plugin(), occupied.get().manifest.plugin());
                let other = occupied.get().path.clone();
                if plugin.manifest.semantic_version() > occupied.get().manifest.semantic_version() {
                    occupied.insert(Arc::new(plugin));
                    self.reject(other, format!("{old}: {new} of {path} is newer and serves instead"));
                } else {
                    self.reject(plugin.path, format!("{new}: {old} of {} serves already", other.display()));
                }
            }
        }
    }

    fn reject(&mut self, path: PathBuf, reason: String) {
        tracing::error!(path = %path.display(), reason, "plugin rejected");
        self.rejected.push(Rejected { path, reason });
    }

    /// The plugin of this name, if it serves.
    pub fn get(&self, name: &PluginName) -> Option<&Arc<Plugin>> {
        self.serving.get(name)
    }

    /// Those that serve, by name.
    pub fn serving(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        self.serving.values()
    }

    /// Files that cannot serve.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }
}

impl Plugin {
    /// Reads, compiles and checks one file.
    ///
    /// # Errors
    /// A text for the operator: what is wrong with the file, and the way out.
    pub async fn load(path: &Path, sandbox: &Sandbox) -> Result<Self, String> {
        let size = tokio::fs::metadata(path).await.map_err(|error| format!("cannot be read: {error}"))?.len();
        if size > limit::COMPONENT_BYTES_MAX {
            return Err(format!("has {size} bytes; the most is {}", limit::COMPONENT_BYTES_MAX));
        }
        let wasm = tokio::fs::read(path).await.map_err(|error| format!("cannot be read: {error}"))?;
        let component = sandbox.load(&wasm).await.map_err(|rejection| rejection.to_string())?;
        let parsed = Manifest::parse(component.manifest_json()).map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            format!("the manifest cannot be used: {}", problems.join("; "))
        })?;
        let manifest = parsed.manifest;
        let config_schema =
            ConfigSchema::compile(&manifest).map_err(|error| format!("the manifest's config schema: {error}"))?;
        let event_rules =
            EventRules::compile(&manifest).map_err(|error| format!("the manifest's event schemas: {error}"))?;
        let actions =
            ActionRules::compile(&manifest).map_err(|error| format!("the manifest's action schemas: {error}"))?;
        if !manifest.actions.is_empty() && !component.exports().action_handler {
            return Err("the manifest declares actions, but the component does not export action-handler".to_owned());
        }
        Ok(Self {
            manifest,
            warnings: parsed.warnings,
            component,
            config_schema,
            event_rules: Arc::new(event_rules),
            actions,
            path: path.to_owned(),
        })
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
