//! `/v1/deliveries`: what did not succeed at once, and what is tried again.

mod query;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use hookyard_domain::delivery::{Delivery, DeliveryFilter};
use hookyard_domain::id::DeliveryId;
use hookyard_domain::limit;
use hookyard_store::{DeliveryPage, ListPlace, StoreError};
use http::{Request, StatusCode, Uri};
use serde::Serialize;

use super::app::App;
use super::path_name::PathName;
use super::problem::Problem;
use crate::host::Host;
use query::{BulkRetry, ListQuery};
use view::DeliveryView;

#[derive(Debug, Serialize)]
pub(crate) struct DeliveryList {
    deliveries: Vec<DeliveryView>,
    /// Where the next page goes on (its `before`); absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What became of a bulk retry.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum BulkRetried {
    /// So many are tried again.
    Retried { matched: u64 },
    /// So many would be; the newest of them.
    WouldDo { dry_run: bool, matched: u64, deliveries: Vec<DeliveryView> },
}

/// Deliveries that pass the filters, the newest first.
pub(crate) async fn list(State(host): State<Arc<Host>>, uri: Uri) -> Result<Json<DeliveryList>, Problem> {
    let ListQuery { filter, before, limit } = ListQuery::parse(uri.query().unwrap_or_default())?;
    let DeliveryPage { deliveries, next } = page(&host, &filter, before, limit).await?;
    let deliveries = deliveries.into_iter().map(DeliveryView::from).collect();
    Ok(Json(DeliveryList { deliveries, next: next.map(|ListPlace(place)| place.to_string()) }))
}

/// One delivery.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathName(id): PathName<DeliveryId>,
) -> Result<Json<DeliveryView>, Problem> {
    let delivery = host.store.delivery(id).await?.ok_or_else(|| not_found(id))?;
    Ok(Json(delivery.into()))
}

/// Tries a delivery again, whatever became of it: 202.
pub(crate) async fn retry(
    State(app): State<Arc<App>>,
    PathName(id): PathName<DeliveryId>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    app.read_nothing(request).await?;
    let dispatcher = Arc::clone(&app.host.dispatcher);
    let delivery = app.in_work(async move { dispatcher.retry(id).await }).await??;
    let delivery = delivery.ok_or_else(|| not_found(id))?;
    Ok((StatusCode::ACCEPTED, Json(delivery.into())))
}

/// Tries all deliveries again that pass the filter: 202. With `"dry_run": true` says which: 200.
pub(crate) async fn retry_all(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<BulkRetried>), Problem> {
    let BulkRetry { filter, dry_run } = BulkRetry::parse(app.read_json_or_nothing(request).await?)?;
    if let [subscription] = filter.subscriptions.as_slice()
        && app.host.subscriptions.get(subscription).is_none()
    {
        return Err(app.host.subscriptions.not_shown(subscription).await.into());
    }
    if dry_run {
        return Ok((StatusCode::OK, Json(would_do(&app.host, &filter).await?)));
    }
    let dispatcher = Arc::clone(&app.host.dispatcher);
    let matched = app.in_work(async move { dispatcher.retry_all(&filter).await }).await??;
    Ok((StatusCode::ACCEPTED, Json(BulkRetried::Retried { matched })))
}

/// Only deliveries of subscriptions that are there can be tried again.
async fn would_do(host: &Host, filter: &DeliveryFilter) -> Result<BulkRetried, StoreError> {
    let (mut matched, mut shown, mut before) = (0, Vec::new(), None);
    loop {
        let page = host.store.deliveries(filter, before, limit::DELIVERIES_PAGE_MAX).await?;
        let can_be_tried = |delivery: &Delivery| host.dispatcher.status(&delivery.subscription).is_some();
        for delivery in page.deliveries.into_iter().filter(can_be_tried) {
            matched += 1;
            if shown.len() < limit::DELIVERIES_LIMIT_DEFAULT {
                shown.push(DeliveryView::from(delivery));
            }
        }
        match page.next {
            Some(next) => before = Some(next),
            None => return Ok(BulkRetried::WouldDo { dry_run: true, matched, deliveries: shown }),
        }
        tokio::task::yield_now().await;
    }
}

/// The next page with a delivery, or the last of [`limit::EVENTS_PAGES_MAX`] empty ones.
async fn page(
    host: &Host,
    filter: &DeliveryFilter,
    before: Option<ListPlace>,
    limit: usize,
) -> Result<DeliveryPage, StoreError> {
    let mut page = host.store.deliveries(filter, before, limit).await?;
    for _ in 1..limit::EVENTS_PAGES_MAX {
        if !page.deliveries.is_empty() || page.next.is_none() {
            break;
        }
        page = host.store.deliveries(filter, page.next, limit).await?;
    }
    Ok(page)
}

fn not_found(id: DeliveryId) -> Problem {
    Problem::not_found(format!(
        "there is no delivery {id}; one that succeeds at once leaves none, and others are kept for a while"
    ))
}
