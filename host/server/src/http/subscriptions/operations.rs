//! `POST /v1/subscriptions/{id}/…`: what an operator wants of a subscription, also of one of the file.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::SubscriptionId;
use http::header::CACHE_CONTROL;
use http::{Request, StatusCode};
use serde::Serialize;

use super::view::SubscriptionView;
use super::{body, view};
use crate::http::app::App;
use crate::http::path_name::PathName;
use crate::http::problem::Problem;
use crate::subscriptions::Rotated;

/// A new secret, shown this once.
#[derive(Serialize)]
pub(crate) struct RotatedView {
    #[serde(flatten)]
    view: SubscriptionView,
    secret: String,
    /// Until when the former ones sign beside it; absent when they sign no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    former_until: Option<Timestamp>,
}

/// The answer to a rotation.
pub(crate) type RotatedAnswer = ([(http::HeaderName, &'static str); 1], Json<RotatedView>);

/// Makes a new secret. The former ones sign beside it for `overlap_seconds`.
pub(crate) async fn rotate_secret(
    State(app): State<Arc<App>>,
    PathName(id): PathName<SubscriptionId>,
    request: Request<Body>,
) -> Result<RotatedAnswer, Problem> {
    let overlap = body::rotation(app.read_json_or_nothing(request).await?)?;
    let subscriptions = Arc::clone(&app.host.subscriptions);
    let rotated = app.in_work(async move { subscriptions.rotate(&id, overlap).await }).await??;
    let Rotated { entry, secret, former_until } = rotated;
    let (view, secret) = (view(&app.host, entry).await?, secret.expose().to_owned());
    Ok(([(CACHE_CONTROL, "no-store")], Json(RotatedView { view, secret, former_until })))
}

/// Delivers nothing more until it is resumed.
pub(crate) async fn pause(
    State(app): State<Arc<App>>,
    PathName(id): PathName<SubscriptionId>,
    request: Request<Body>,
) -> Result<Json<SubscriptionView>, Problem> {
    app.read_nothing(request).await?;
    let subscriptions = Arc::clone(&app.host.subscriptions);
    let entry = app.in_work(async move { subscriptions.pause(&id).await }).await??;
    Ok(Json(view(&app.host, entry).await?))
}

/// Goes on, whyever it was paused.
pub(crate) async fn resume(
    State(app): State<Arc<App>>,
    PathName(id): PathName<SubscriptionId>,
    request: Request<Body>,
) -> Result<Json<SubscriptionView>, Problem> {
    app.read_nothing(request).await?;
    let subscriptions = Arc::clone(&app.host.subscriptions);
    let entry = app.in_work(async move { subscriptions.resume(&id).await }).await??;
    Ok(Json(view(&app.host, entry).await?))
}

/// Reads the log again from an offset or a time: 202, deliveries follow.
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    PathName(id): PathName<SubscriptionId>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<SubscriptionView>), Problem> {
    let from = body::replay(app.read_json_or_nothing(request).await?)?;
    let subscriptions = Arc::clone(&app.host.subscriptions);
    let entry = app.in_work(async move { subscriptions.replay(&id, from).await }).await??;
    Ok((StatusCode::ACCEPTED, Json(view(&app.host, entry).await?)))
}
