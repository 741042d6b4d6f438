//! `/v1/subscriptions`: what there is, and what changes it. What an operator wants of one stands in [`operations`].

mod body;
pub(crate) mod operations;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use hookyard_domain::secret::Secret;
use hookyard_store::StoreError;
use http::header::CACHE_CONTROL;
use http::{Request, StatusCode};
use serde::Serialize;

use super::app::App;
use super::path_name::PathName;
use super::problem::Problem;
use crate::dispatcher::DispatchError;
use crate::host::Host;
use crate::subscriptions::{ChangeError, Entry};
use view::{Stands, SubscriptionView};

#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionList {
    subscriptions: Vec<SubscriptionView>,
}

/// A subscription, and a secret that is shown this once. No cache may keep it.
#[derive(Serialize)]
pub(crate) struct WithSecret {
    #[serde(flatten)]
    view: SubscriptionView,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// An answer that may hold a secret.
pub(crate) type SecretAnswer = (StatusCode, [(http::HeaderName, &'static str); 1], Json<WithSecret>);

/// All subscriptions, by name.
pub(crate) async fn list(State(host): State<Arc<Host>>) -> Result<Json<SubscriptionList>, Problem> {
    let views = views(&host, host.subscriptions.all()).await?;
    Ok(Json(SubscriptionList { subscriptions: views }))
}

/// One subscription.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathName(id): PathName<SubscriptionId>,
) -> Result<Json<SubscriptionView>, Problem> {
    match host.subscriptions.get(&id) {
        Some(entry) => Ok(Json(view(&host, entry).await?)),
        None => Err(host.subscriptions.not_shown(&id).await.into()),
    }
}

/// Makes a subscription to everything that is appended from now on: 201, with its secret.
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request<Body>) -> Result<SecretAnswer, Problem> {
    let document = body::document(&app, request, None).await?;
    let subscriptions = Arc::clone(&app.host.subscriptions);
    let (entry, secret) = app.in_work(async move { subscriptions.create(&document).await }).await??;
    with_secret(&app.host, StatusCode::CREATED, entry, secret.as_ref()).await
}

/// Changes a subscription by a JSON merge patch.
pub(crate) async fn patch(
    State(app): State<Arc<App>>,
    PathName(id): PathName<SubscriptionId>,
    request: Request<Body>,
) -> Result<SecretAnswer, Problem> {
    let patch = body::document(&app, request, Some(&id)).await?;
    let subscriptions = Arc::clone(&app.host.subscriptions);
    let (entry, secret) = app.in_work(async move { subscriptions.change(&id, patch).await }).await??;
    with_secret(&app.host, StatusCode::OK, entry, secret.as_ref()).await
}

/// Deletes a subscription and its deliveries: 204.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    PathName(id): PathName<SubscriptionId>,
) -> Result<StatusCode, Problem> {
    let subscriptions = Arc::clone(&app.host.subscriptions);
    app.in_work(async move { subscriptions.delete(&id).await }).await??;
    Ok(StatusCode::NO_CONTENT)
}

async fn with_secret(
    host: &Host,
    status: StatusCode,
    entry: Arc<Entry>,
    secret: Option<&Secret>,
) -> Result<SecretAnswer, Problem> {
    let view = view(host, entry).await?;
    let secret = secret.map(|secret| secret.expose().to_owned());
    Ok((status, [(CACHE_CONTROL, "no-store")], Json(WithSecret { view, secret })))
}

async fn view(host: &Host, entry: Arc<Entry>) -> Result<SubscriptionView, StoreError> {
    let views = views(host, vec![entry]).await?;
    Ok(views.into_iter().next().expect("one entry makes one view"))
}

/// What is known of each: of one that works, by its worker; of the others, by the store.
async fn views(host: &Host, entries: Vec<Arc<Entry>>) -> Result<Vec<SubscriptionView>, StoreError> {
    let depths = host.store.delivery_depths().await?;
    let mut depths: BTreeMap<_, _> = depths.into_iter().map(|depth| (depth.subscription.clone(), depth)).collect();
    let mut positions = BTreeMap::new();
    if entries.iter().any(|entry| host.dispatcher.status(&entry.id).is_none()) {
        let stored = host.store.positions().await?;
        positions.extend(stored.into_iter().map(|position| (position.subscription.clone(), position)));
    }
    let newest: Offset = *host.store.newest().borrow();
    let problems = host.subscriptions.problems_of(entries.iter().map(|entry| &**entry));
    let views = entries.into_iter().zip(problems).map(|(entry, problems)| {
        let stands = Stands {
            status: host.dispatcher.status(&entry.id),
            position: positions.remove(&entry.id),
            depth: depths.remove(&entry.id),
            newest,
        };
        SubscriptionView::new(&entry, problems, stands)
    });
    Ok(views.collect())
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        let conflict = |code: &'static str, detail: String| Self::new(StatusCode::CONFLICT, code).detail(detail);
        match error {
            ChangeError::NotFound(_) | ChangeError::TakenOut(_) => Self::not_found(detail),
            ChangeError::FileDefined(_) | ChangeError::SecretInFile(_) => conflict("file-defined", detail),
            ChangeError::Invalid(wrong) => {
                let mut errors = wrong.0;
                errors.truncate(limit::VIOLATIONS_MAX);
                Self::invalid_input(errors)
            }
            ChangeError::Unreadable(..) | ChangeError::NotWorking(..) => conflict("subscription-invalid", detail),
            ChangeError::NotSigned(_) => conflict("not-signed", detail),
            ChangeError::NoKey(_) => Self::unavailable("unavailable", detail),
            ChangeError::TooMany { .. } => conflict("too-many-subscriptions", detail),
            ChangeError::Dispatch(error) => error.into(),
            ChangeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<DispatchError> for Problem {
    fn from(error: DispatchError) -> Self {
        let detail = error.to_string();
        match error {
            DispatchError::NotThere => Self::new(StatusCode::CONFLICT, "subscription-invalid").detail(detail),
            DispatchError::BeyondLog { .. } => Self::invalid("/after", "invalid", detail),
            DispatchError::TooManyPending { .. } => {
                Self::unavailable("too-many-pending", detail).retry_after(limit::TRY_AGAIN_AFTER)
            }
            DispatchError::Unavailable(error) => error.into(),
        }
    }
}
