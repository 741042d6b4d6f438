//! `/v1/webhooks`: the inbox. What is there, and what the operator decides about it.

mod dry_run;
mod query;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxEntry, Place, WebhookFilter, WebhookState};
use hookyard_domain::limit;
use hookyard_store::{StoreError, WebhookPage};
use http::{Request, StatusCode, Uri};
use serde::Serialize;
use serde_json::{Map, Value};

use super::app::App;
use super::connections;
use super::path_name::PathName;
use super::problem::Problem;
use crate::host::Host;
use crate::inbox::{ChangeError, DryRunError, DryRuns};
use dry_run::DryRunView;
use query::{BulkReplay, ListQuery};
use view::WebhookView;

#[derive(Debug, Serialize)]
pub(crate) struct WebhookList {
    webhooks: Vec<WebhookView>,
    /// Where the next page goes on (its `before`); absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What became of a replay.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Replayed {
    /// How the webhook stands now; its run follows.
    Stands(Box<WebhookView>),
    /// What it would have done.
    WouldDo(Box<DryRunView>),
}

/// What became of a bulk replay.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum BulkReplayed {
    /// So many run, each when its turn comes.
    Replayed { replayed: u64 },
    /// So many would run; what the oldest of them would have done.
    WouldDo { dry_run: bool, matched: usize, webhooks: Vec<DryRunView> },
}

/// Entries that pass the filters, the newest first.
pub(crate) async fn list(State(host): State<Arc<Host>>, uri: Uri) -> Result<Json<WebhookList>, Problem> {
    let ListQuery { filter, before, limit } = ListQuery::parse(uri.query().unwrap_or_default())?;
    let WebhookPage { webhooks, next } = page(&host, &filter, before, limit).await?;
    let webhooks = webhooks.into_iter().map(|entry| view(&host, entry)).collect();
    Ok(Json(WebhookList { webhooks, next: next.map(|Place(place)| place.to_string()) }))
}

/// One entry.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathName(id): PathName<WebhookId>,
) -> Result<Json<WebhookView>, Problem> {
    let entry = host.store.webhook(id).await?.ok_or_else(|| not_found(id))?;
    Ok(Json(view(&host, entry)))
}

/// Runs a webhook now, whatever became of it: 202. With `{"dry_run": true}` says what that would bring about: 200.
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    PathName(id): PathName<WebhookId>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let body: Map<String, Value> = app.read_json_or_nothing(request).await?;
    let inbox = Arc::clone(&app.host.inbox);
    if query::single_replay(body)? {
        let run = app.in_work(async move { inbox.dry_run(id).await }).await??;
        return Ok((StatusCode::OK, Json(Replayed::WouldDo(Box::new(run.into())))));
    }
    let entry = app.in_work(async move { inbox.replay(id).await }).await??;
    Ok((StatusCode::ACCEPTED, Json(Replayed::Stands(Box::new(view(&app.host, entry))))))
}

/// Runs all webhooks of a connection that are in one state: 202. With `"dry_run": true` says what that would bring about: 200.
pub(crate) async fn replay_all(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<BulkReplayed>), Problem> {
    let BulkReplay { connection, filter, dry_run } = BulkReplay::parse(app.read_json(request).await?)?;
    connections::find(&app.host, &connection)?;
    let inbox = Arc::clone(&app.host.inbox);
    if !dry_run {
        let replayed = app.in_work(async move { inbox.replay_all(&filter).await }).await??;
        return Ok((StatusCode::ACCEPTED, Json(BulkReplayed::Replayed { replayed })));
    }
    let DryRuns { matched, runs } = app.in_work(async move { inbox.dry_run_all(&filter).await }).await??;
    let webhooks = runs.into_iter().map(DryRunView::from).collect();
    Ok((StatusCode::OK, Json(BulkReplayed::WouldDo { dry_run: true, matched, webhooks })))
}

/// Has a webhook not handled.
pub(crate) async fn skip(
    State(app): State<Arc<App>>,
    PathName(id): PathName<WebhookId>,
    request: Request<Body>,
) -> Result<Json<WebhookView>, Problem> {
    app.read_nothing(request).await?;
    let inbox = Arc::clone(&app.host.inbox);
    let entry = app.in_work(async move { inbox.skip(id).await }).await??;
    Ok(Json(view(&app.host, entry)))
}

/// The next page with an entry, or the last of [`limit::EVENTS_PAGES_MAX`] empty ones.
async fn page(
    host: &Host,
    filter: &WebhookFilter,
    before: Option<Place>,
    limit: usize,
) -> Result<WebhookPage, StoreError> {
    let mut page = host.store.webhooks(filter, before, limit).await?;
    for _ in 1..limit::EVENTS_PAGES_MAX {
        if !page.webhooks.is_empty() || page.next.is_none() {
            break;
        }
        page = host.store.webhooks(filter, page.next, limit).await?;
    }
    Ok(page)
}

fn view(host: &Host, entry: InboxEntry) -> WebhookView {
    let waits_for = host.inbox.waits_for(&entry);
    WebhookView::new(entry, waits_for)
}

fn not_found(id: WebhookId) -> Problem {
    Problem::not_found(format!("there is no webhook {id} in the inbox; handled ones are kept for a while only"))
}

fn no_connection(detail: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, "connection-invalid").detail(detail)
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        let busy =
            |code: &'static str, detail: String| Self::unavailable(code, detail).retry_after(limit::TRY_AGAIN_AFTER);
        match error {
            ChangeError::NotFound(id) => not_found(id),
            ChangeError::NoConnection(_) => no_connection(detail),
            ChangeError::State(WebhookState::Handled) => Self::new(StatusCode::CONFLICT, "webhook-handled")
                .detail("the webhook was handled, so that there is nothing to skip"),
            ChangeError::State(_) => Self::new(StatusCode::CONFLICT, "conflict").detail(detail),
            ChangeError::Moved => busy("conflict", detail),
            ChangeError::Full => busy("inbox-full", detail),
            ChangeError::Overloaded => busy("overloaded", detail),
            ChangeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<DryRunError> for Problem {
    fn from(error: DryRunError) -> Self {
        let detail = error.to_string();
        match error {
            DryRunError::NotFound(id) => not_found(id),
            DryRunError::NoConnection(_) => no_connection(detail),
            DryRunError::NotReady(connection) => {
                let code = if connection.enabled { "connection-invalid" } else { "connection-disabled" };
                Self::new(StatusCode::CONFLICT, code).detail(detail)
            }
            DryRunError::NotNow { code, detail } => Self::unavailable(code, detail).retry_after(limit::TRY_AGAIN_AFTER),
            DryRunError::Unavailable(error) => error.into(),
        }
    }
}
