//! `/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::limit;
use hookyard_store::{Store, StoreError};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::app::App;
use super::inquiry::Inquiry;
use super::problem::Problem;
use crate::telemetry::deliveries::Lag;
use crate::telemetry::snapshot::{Kept, Snapshot};

/// What is asked of the store for these answers.
#[derive(Debug, Default)]
pub(crate) struct Inquiries {
    ready: Inquiry,
    metrics: Inquiry,
}

/// Liveness.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Readiness: the store reads and writes, and the host is not stopping. Plugins are loaded before anything is served.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    if app.drain.has_begun() {
        return Err(Problem::unavailable("stopping", "the host is stopping"));
    }
    store_works(&app.inquiries.ready, Arc::clone(&app.host.store)).await?;
    Ok(Json(json!({ "status": "ready" })))
}

async fn store_works(inquiry: &Inquiry, store: Arc<dyn Store>) -> Result<(), Problem> {
    let works = async move {
        let newest: Offset = *store.newest().borrow();
        store.events(newest, &EventFilter::default(), 1).await?;
        store.check_writable().await
    };
    match inquiry.ask(limit::READY_WAIT_MAX, works).await {
        Some(answer) => Ok(answer?),
        None => {
            let problem = Problem::unavailable("unavailable", "the host's store does not answer");
            Err(problem.retry_after(limit::TRY_AGAIN_AFTER))
        }
    }
}

/// Metrics in OpenMetrics text. They come also when the store does not answer, without what only it knows.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let kept = kept(&app.inquiries.metrics, Arc::clone(&app.host.store)).await;
    let newest = *app.host.store.newest().borrow();
    let lags = app.host.dispatcher.all().into_iter().map(|status| Lag::of(&status, newest)).collect();
    let snapshot = Snapshot::new(app.host.clock.now(), app.host.store.workload(), kept).with_lags(lags);
    let text = app.host.metrics.to_openmetrics(&snapshot).map_err(|error| {
        tracing::error!(%error, "metrics cannot be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal").detail("metrics cannot be written")
    })?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, content_type)], text).into_response())
}

async fn kept(inquiry: &Inquiry, store: Arc<dyn Store>) -> Option<Kept> {
    let read = async move { Kept::read(&*store).await };
    let answer: Result<Kept, StoreError> = inquiry.ask(limit::METRICS_WAIT_MAX, read).await?;
    answer.inspect_err(|error| tracing::warn!(error = error as &dyn std::error::Error, "the store cannot be read")).ok()
}

#[cfg(test)]
mod tests {
    use hookyard_domain::clock::{ManualClock, Timestamp};
    use hookyard_store::memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn a_host_whose_store_fails_is_not_ready_and_has_metrics() {
        let store = Arc::new(MemoryStore::new(Arc::new(ManualClock::at(Timestamp::from_millis(0)))));
        let inquiry = Inquiry::default();
        assert!(store_works(&inquiry, Arc::clone(&store) as _).await.is_ok());
        assert!(kept(&inquiry, Arc::clone(&store) as _).await.is_some());
        store.set_broken(true);
        assert_eq!(store_works(&inquiry, Arc::clone(&store) as _).await.unwrap_err().status(), 503);
        assert!(kept(&inquiry, store).await.is_none());
    }
}
