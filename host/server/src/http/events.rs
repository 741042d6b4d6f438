//! `GET /v1/events`: a page of the event log, at once or as soon as there is something.

mod query;
pub(super) mod stream;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hookyard_domain::event::Offset;
use hookyard_domain::limit;
use hookyard_store::{EventPage, Ledger, StoreError};
use http::Uri;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::app::App;
use super::drain::Drain;
use super::problem::Problem;
use crate::cloud_event::CloudEvent;
use query::PageQuery;

/// A page on the wire. `next` is always there: the last offset looked at.
#[derive(Serialize)]
struct PageView<'a> {
    events: Vec<CloudEvent<'a>>,
    next: String,
}

/// Answers with the events after `after` that pass the filters.
pub(crate) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let query = PageQuery::parse(uri.query().unwrap_or_default())?;
    let page = page(&*app.host.store, &query, &app.drain).await?;
    let view = PageView { events: page.events.iter().map(CloudEvent::from).collect(), next: page.next.to_string() };
    let body = serde_json::to_vec(&view).map_err(|error| {
        tracing::error!(%error, "events cannot be written");
        Problem::new(http::StatusCode::INTERNAL_SERVER_ERROR, "internal").detail("the events cannot be written")
    })?;
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response())
}

/// Waits for an event that passes, up to the query's `wait`; the host's end cuts the wait short.
async fn page<L: Ledger + ?Sized>(ledger: &L, query: &PageQuery, drain: &Drain) -> Result<EventPage, StoreError> {
    let mut newest = ledger.newest();
    let until = Instant::now() + query.wait;
    let mut after = query.after;
    loop {
        newest.borrow_and_update();
        let page = scan(ledger, after, query).await?;
        if !page.events.is_empty() || query.wait.is_zero() {
            return Ok(page);
        }
        after = page.next;
        let more = async {
            tokio::select! {
                changed = newest.changed() => changed.is_ok(),
                () = drain.begun() => false,
            }
        };
        if !matches!(timeout_at(until, more).await, Ok(true)) {
            return Ok(page);
        }
    }
}

/// The next page with an event, or the last of [`limit::EVENTS_PAGES_MAX`] empty ones.
async fn scan<L: Ledger + ?Sized>(ledger: &L, after: Offset, query: &PageQuery) -> Result<EventPage, StoreError> {
    let mut page = ledger.events(after, &query.filter, query.limit).await?;
    let mut before = after;
    for _ in 1..limit::EVENTS_PAGES_MAX {
        if !page.events.is_empty() || page.next == before {
            break;
        }
        before = page.next;
        page = ledger.events(before, &query.filter, query.limit).await?;
    }
    Ok(page)
}

#[cfg(test)]
mod tests;
