//! `/v1/plugins`: what serves, what does not and why, and what the operator wants to serve.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use hookyard_domain::id::PluginName;
use http::{Request, StatusCode};
use serde::Deserialize;

use super::app::Entered;
use super::path_name::PathName;
use super::problem::Problem;
use crate::host::Host;
use crate::plugins::{FileState, PinError, RollbackError, RollbackReason};

mod view;

pub(crate) use view::{PluginList, PluginView};
use view::{file_view, serving_view};

/// Which version is to be pinned; the one that serves, where none is named.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinWish {
    version: Option<String>,
}

/// What serves, by name, then the files that do not, by name.
pub(crate) async fn list(State(host): State<Arc<Host>>) -> Json<PluginList> {
    let files = host.plugins.files();
    let catalogue = host.plugins.catalogue();
    let serving = catalogue.offers().map(|offer| serving_view(offer, &files));
    let others = files.iter().filter(|file| file.state != FileState::Serving).map(file_view);
    Json(PluginList { plugins: serving.chain(others).collect() })
}

/// The plugin of this name that serves.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathName(name): PathName<PluginName>,
) -> Result<Json<PluginView>, Problem> {
    let files = host.plugins.files();
    match host.plugins.catalogue().offer(&name) {
        Some(offer) => Ok(Json(serving_view(offer, &files))),
        None => Err(not_loaded(&name)),
    }
}

/// Lets a version serve whatever the files say. Answers as [`show`].
pub(crate) async fn pin(
    State(entered): State<Entered>,
    PathName(name): PathName<PluginName>,
    request: Request<Body>,
) -> Result<Json<PluginView>, Problem> {
    let PinWish { version } = entered.app.read_json_or_nothing(request).await?;
    let host = &entered.app.host;
    host.plugins.pin(&name, version.as_deref()).await?;
    show(State(Arc::clone(host)), PathName(name)).await
}

/// Lets the files decide again. Answers as [`show`].
pub(crate) async fn unpin(
    State(host): State<Arc<Host>>,
    PathName(name): PathName<PluginName>,
) -> Result<Json<PluginView>, Problem> {
    host.plugins.unpin(&name).await?;
    show(State(host), PathName(name)).await
}

/// Goes back to the version before. Answers as [`show`].
pub(crate) async fn roll_back(
    State(host): State<Arc<Host>>,
    PathName(name): PathName<PluginName>,
) -> Result<Json<PluginView>, Problem> {
    host.plugins.roll_back(&name, RollbackReason::Operator).await?;
    show(State(host), PathName(name)).await
}

fn not_loaded(name: &PluginName) -> Problem {
    Problem::not_found(format!("no plugin {name} is loaded"))
}

impl From<PinError> for Problem {
    fn from(error: PinError) -> Self {
        let detail = error.to_string();
        match error {
            PinError::NotLoaded(name) => not_loaded(&name),
            PinError::NoSuchVersion { .. } => Self::invalid("/version", "no-such-version", detail),
            PinError::Unavailable(_) => Self::unavailable("unavailable", detail),
        }
    }
}

impl From<RollbackError> for Problem {
    fn from(error: RollbackError) -> Self {
        let detail = error.to_string();
        match error {
            RollbackError::NotLoaded(name) => not_loaded(&name),
            RollbackError::NoPrevious(_) => Self::new(StatusCode::CONFLICT, "no-previous-version").detail(detail),
            RollbackError::Pinned(_) => Self::new(StatusCode::CONFLICT, "plugin-pinned").detail(detail),
            RollbackError::Unavailable(_) => Self::unavailable("unavailable", detail),
        }
    }
}
