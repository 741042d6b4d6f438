//! `GET /v1/plugins` and `GET /v1/plugins/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use hookyard_domain::id::PluginName;
use serde::Serialize;
use serde_json::value::RawValue;

use super::path_name::PathName;
use super::problem::Problem;
use crate::host::Host;
use crate::plugins::{Plugin, Rejected};

/// A file of the plugin directory on the wire.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub(crate) enum PluginView {
    /// It serves connections.
    Serving(ServingView),
    /// It cannot.
    Rejected(RejectedView),
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
    /// As the plugin wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RejectedView {
    file: String,
    last_error: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct PluginList {
    plugins: Vec<PluginView>,
}

/// What serves, by name, then what was rejected.
pub(crate) async fn list(State(host): State<Arc<Host>>) -> Json<PluginList> {
    let catalogue = host.plugins.catalogue();
    let serving = catalogue.serving().map(|plugin| PluginView::Serving(serving(plugin)));
    let rejected = catalogue.rejected().iter().map(|file| PluginView::Rejected(rejected(file)));
    Json(PluginList { plugins: serving.chain(rejected).collect() })
}

/// The plugin of this name that serves.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathName(name): PathName<PluginName>,
) -> Result<Json<PluginView>, Problem> {
    match host.plugins.catalogue().get(&name) {
        Some(plugin) => Ok(Json(PluginView::Serving(serving(plugin)))),
        None => Err(Problem::not_found(format!("no plugin {name} is loaded"))),
    }
}

fn serving(plugin: &Plugin) -> ServingView {
    ServingView {
        name: plugin.manifest.name.clone(),
        version: plugin.manifest.version.clone(),
        sha256: plugin.component.hash().to_string(),
        file: plugin.path.display().to_string(),
        pooled: plugin.component.pooled(),
        warnings: plugin.warnings.clone(),
        manifest: RawValue::from_string(plugin.component.manifest_json().to_owned()).ok(),
    }
}

fn rejected(file: &Rejected) -> RejectedView {
    RejectedView { file: file.path.display().to_string(), last_error: file.reason.clone() }
}
