//! A plugin at one version: what one usable component file turned out to be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_capability::EventRules;
use hookyard_domain::config::ConfigSchema;
use hookyard_domain::manifest::Manifest;
use hookyard_domain::plugin::{ContentHash, PluginVersion};
use hookyard_sandbox::{Component, Sandbox};

use super::read;
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

/// Why a file is no plugin that could serve.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Unusable {
    /// What lies there is wrong, and stays so until the file changes.
    #[error("{reason}")]
    Content {
        /// What is wrong, and the way out.
        reason: String,
        /// What lies there, where all of it could be read.
        content: Option<ContentHash>,
        /// What it says that it is, where it says so.
        plugin: Option<PluginVersion>,
    },
    /// The file became another while it was read or compiled.
    #[error("it changed while it was read")]
    Changed,
    /// The host could not do its part; nothing is known to be wrong with the file.
    #[error("{0}")]
    Host(String),
}

impl Plugin {
    /// Reads, compiles and checks one file.
    ///
    /// # Errors
    /// A text for the operator: what is wrong with the file, and the way out.
    pub async fn load(path: &Path, sandbox: &Sandbox) -> Result<Self, String> {
        read::plugin(path, sandbox).await.map_err(|unusable| unusable.to_string())
    }

    /// What a component says of itself, checked: everything that connections need of it.
    pub(super) fn of(component: Component, path: &Path) -> Result<Self, Unusable> {
        let content = Some(component.hash());
        let parsed = Manifest::parse(component.manifest_json()).map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            let reason = format!("the manifest cannot be used: {}", problems.join("; "));
            Unusable::Content { reason, content, plugin: None }
        })?;
        let (manifest, warnings) = (parsed.manifest, parsed.warnings);
        let unusable = |reason| Unusable::Content { reason, content, plugin: Some(manifest.plugin()) };
        let config_schema = ConfigSchema::compile(&manifest)
            .map_err(|error| unusable(format!("the manifest's config schema: {error}")))?;
        let event_rules = EventRules::compile(&manifest)
            .map_err(|error| unusable(format!("the manifest's event schemas: {error}")))?;
        let actions = ActionRules::compile(&manifest)
            .map_err(|error| unusable(format!("the manifest's action schemas: {error}")))?;
        let exports = component.exports();
        for (declares, exported, what, interface) in [
            (!manifest.actions.is_empty(), exports.action_handler, "actions", "action-handler"),
            (manifest.webhook.is_some(), exports.webhook_handler, "webhooks", "webhook-handler"),
        ] {
            if declares && !exported {
                let reason = format!("the manifest declares {what}, but the component does not export {interface}");
                return Err(unusable(reason));
            }
        }
        let event_rules = Arc::new(event_rules);
        Ok(Self { manifest, warnings, component, config_schema, event_rules, actions, path: path.to_owned() })
    }

    /// What identifies this version.
    pub fn content(&self) -> ContentHash {
        self.component.hash()
    }
}
