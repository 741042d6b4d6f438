//! `/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::limit;
use hookyard_store::Store;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::app::App;
use super::problem::Problem;

/// Liveness.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Readiness: the store answers, and the host is not stopping. Plugins are loaded before anything is served.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    if app.drain.has_begun() {
        return Err(Problem::unavailable("stopping", "the host is stopping"));
    }
    store_answers(&*app.host.store).await?;
    Ok(Json(json!({ "status": "ready" })))
}

async fn store_answers<S: Store + ?Sized>(store: &S) -> Result<(), Problem> {
    let newest: Offset = *store.newest().borrow();
    match timeout(limit::READY_WAIT_MAX, store.events(newest, &EventFilter::default(), 1)).await {
        Ok(answer) => Ok(answer.map(drop)?),
        Err(_) => Err(Problem::unavailable("unavailable", "the host's store does not answer")),
    }
}

/// Metrics in OpenMetrics text.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let text = app.host.metrics.to_openmetrics().map_err(|error| {
        tracing::error!(%error, "metrics cannot be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal").detail("metrics cannot be written")
    })?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, content_type)], text).into_response())
}

#[cfg(test)]
mod tests {
    use hookyard_domain::clock::{ManualClock, Timestamp};
    use hookyard_store::memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn a_host_whose_store_fails_is_not_ready() {
        let store = MemoryStore::new(Arc::new(ManualClock::at(Timestamp::from_millis(0))));
        assert!(store_answers(&store).await.is_ok());
        store.set_broken(true);
        assert_eq!(store_answers(&store).await.unwrap_err().status(), 503);
    }
}
