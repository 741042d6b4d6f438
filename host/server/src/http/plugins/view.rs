//! Plugins and files on the wire.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::PluginName;
use hookyard_domain::plugin::{ContentHash, PluginVersion};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::plugins::{FileReport, FileState, Offer, Plugin};

/// A plugin that serves, or a file of the plugin directory that does not.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub(crate) enum PluginView {
    /// It serves connections.
    Serving(Box<ServingView>),
    /// It was not read since it changed, or waits for its turn to be compiled.
    Waiting(FileView),
    /// It is being compiled.
    Compiling(FileView),
    /// It could serve, and another content does.
    Superseded(FileView),
    /// It cannot serve.
    Rejected(FileView),
}

#[derive(Debug, Serialize)]
pub(crate) struct ServingView {
    name: PluginName,
    version: String,
    sha256: String,
    file: String,
    /// Whether its instances come from the pool; others are made on demand and cost more.
    pooled: bool,
    warnings: Vec<String>,
    /// The operator wants this version to serve, whatever the files say.
    pinned: bool,
    /// What a rollback goes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<VersionView>,
    /// Contents that were rolled back and do not come again by themselves, the newest last.
    held_back: Vec<String>,
    /// Other versions that are loaded: what connections stay on, and what a rollback goes back to.
    kept: Vec<VersionView>,
    /// Why its file, or another file that holds it, cannot serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// As the plugin wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct VersionView {
    version: String,
    sha256: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct FileView {
    file: String,
    /// Since when it is in this state.
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<PluginName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Why it cannot serve, and the way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// Why it does not serve although it could.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PluginList {
    pub(super) plugins: Vec<PluginView>,
}

/// A plugin that serves.
pub(super) fn serving_view(offer: &Offer, files: &[FileReport]) -> PluginView {
    let plugin = &offer.current;
    let version =
        |content: ContentHash, version: &str| VersionView { version: version.to_owned(), sha256: content.to_string() };
    let previous = offer.previous.as_ref().map(|(content, known)| version(*content, &known.version));
    let kept = offer.kept.iter().map(|kept| version(kept.content(), &kept.manifest.version)).collect();
    PluginView::Serving(Box::new(ServingView {
        name: plugin.manifest.name.clone(),
        version: plugin.manifest.version.clone(),
        sha256: plugin.content().to_string(),
        file: plugin.path.display().to_string(),
        pooled: plugin.component.pooled(),
        warnings: plugin.warnings.clone(),
        pinned: offer.pinned,
        previous,
        held_back: offer.held_back.iter().map(ToString::to_string).collect(),
        kept,
        last_error: last_error(plugin, files),
        manifest: RawValue::from_string(plugin.component.manifest_json().to_owned()).ok(),
    }))
}

/// The newest rejection of the plugin's own file, or of a file that says it is this plugin.
fn last_error(plugin: &Plugin, files: &[FileReport]) -> Option<String> {
    let name = &plugin.manifest.name;
    let is_its = |file: &PluginVersion| file.name == *name;
    let rejected = files.iter().filter(|file| file.state == FileState::Rejected);
    let its = rejected.filter(|file| file.path == plugin.path || file.plugin.as_ref().is_some_and(is_its));
    let newest = its.max_by_key(|file| file.since)?;
    Some(format!("{}: {}", newest.path.display(), newest.reason.as_deref().unwrap_or_default()))
}

/// A file that does not serve.
pub(super) fn file_view(file: &FileReport) -> PluginView {
    let (name, version) = match &file.plugin {
        Some(plugin) => (Some(plugin.name.clone()), Some(plugin.version.clone())),
        None => (None, None),
    };
    let is_rejected = file.state == FileState::Rejected;
    let view = FileView {
        file: file.path.display().to_string(),
        since: file.since,
        name,
        version,
        sha256: file.content.map(|content| content.to_string()),
        last_error: file.reason.clone().filter(|_| is_rejected),
        reason: file.reason.clone().filter(|_| !is_rejected),
    };
    match file.state {
        FileState::Waiting | FileState::Serving => PluginView::Waiting(view),
        FileState::Compiling => PluginView::Compiling(view),
        FileState::Superseded => PluginView::Superseded(view),
        FileState::Rejected => PluginView::Rejected(view),
    }
}
