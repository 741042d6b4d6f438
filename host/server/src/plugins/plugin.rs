//! A plugin at one version: what one usable component file turned out to be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookyard_capability::EventRules;
use hookyard_domain::config::ConfigSchema;
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
