//! `GET /v1/events`: a page of the event log, at once or as soon as there is something.

mod page;
mod query;
pub(super) mod stream;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hookyard_domain::limit;
use hookyard_store::{Ledger, StoreError};
use http::Uri;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::app::App;
use super::drain::Drain;
use super::problem::Problem;
use crate::tail::Following;
use page::Page;
use query::PageQuery;

/// Answers with the events after `after` that pass the filters.
pub(crate) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let query = PageQuery::parse(uri.query().unwrap_or_default())?;
    let page = match query.wait.is_zero() {
        true => at_once(&*app.host.store, &query).await?,
        false => {
            let _place = place(&app)?;
            awaited(&*app.host.store, app.host.tail.follow(), &query, &app.drain).await?
        }
    };
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], page.json()).into_response())
}

/// Room for one more who follows the log.
fn place(app: &App) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&app.followers).try_acquire_owned().map_err(|_| {
        Problem::unavailable("overloaded", "as many clients follow the events as may")
            .retry_after(limit::TRY_AGAIN_AFTER)
    })
}

/// The next page with an event, or the last of [`limit::EVENTS_PAGES_MAX`] empty ones.
async fn at_once<L: Ledger + ?Sized>(ledger: &L, query: &PageQuery) -> Result<Page, StoreError> {
    let mut page = Page::empty_at(query.after);
    for _ in 0..limit::EVENTS_PAGES_MAX {
        let before = page.next;
        page = Page::of_log(ledger, before, &query.filter, query.limit).await?;
        if !page.events.is_empty() || page.next == before {
            break;
        }
    }
    Ok(page)
}

/// Waits for an event that passes, up to the query's `wait`; the host's end cuts the wait short. So do
/// [`limit::EVENTS_PAGES_MAX`] pages of the log without one: the client goes on behind them.
async fn awaited<L: Ledger + ?Sized>(
    ledger: &L,
    mut following: Following,
    query: &PageQuery,
    drain: &Drain,
) -> Result<Page, StoreError> {
    let until = Instant::now() + query.wait;
    let mut after = query.after;
    let mut pages = 0;
    loop {
        following.head().borrow_and_update();
        let page = match Page::of_tail(&following, after, &query.filter, query.limit) {
            Some(page) => page,
            None => {
                pages += 1;
                Page::of_log(ledger, after, &query.filter, query.limit).await?
            }
        };
        if !page.events.is_empty() || pages >= limit::EVENTS_PAGES_MAX {
            return Ok(page);
        }
        if page.next > after {
            after = page.next;
            continue;
        }
        let more = async {
            tokio::select! {
                changed = following.head().changed() => changed.is_ok(),
                () = drain.begun() => false,
            }
        };
        if !matches!(timeout_at(until, more).await, Ok(true)) {
            return Ok(page);
        }
    }
}

#[cfg(test)]
mod tests;
