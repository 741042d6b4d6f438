//! `GET /v1/events/stream`: the event log as server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! It begins behind `Last-Event-ID`, else behind `after`, else with what happens from now on. The first block, and a comment
//! after each 15 s of silence, carry an `id` and no data: they move a client's position and are no event to it. What a client
//! does not take waits in the log, not in memory. The stream ends when the host stops; a client then connects again.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::limit;
use hookyard_store::Ledger;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, Uri};
use tokio::time::sleep;

use super::page::Page;
use super::query::StreamQuery;
use crate::http::app::App;
use crate::http::drain::Drain;
use crate::http::problem::Problem;
use crate::tail::Following;

/// Follows the log.
pub(crate) async fn follow(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let last_event_id = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?"));
    let query = StreamQuery::parse(uri.query().unwrap_or_default(), last_event_id)?;
    let place = super::place(&app)?;
    let follower = Follower::new(Arc::clone(&app.host.store), app.host.tail.follow(), query, app.drain.clone());
    let blocks = unfold((follower, place), |(mut follower, place)| async {
        let block = follower.next().await?;
        Some((Ok::<_, Infallible>(block), (follower, place)))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        // What nginx reads, so that it passes events on as they come.
        (http::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(blocks)).into_response())
}

/// One client's place in the log.
pub(super) struct Follower<L: ?Sized> {
    ledger: Arc<L>,
    following: Following,
    filter: EventFilter,
    after: Offset,
    drain: Drain,
    /// Blocks of one page at most, which all followers share.
    ready: VecDeque<Bytes>,
}

impl<L: Ledger + ?Sized> Follower<L> {
    pub(super) fn new(ledger: Arc<L>, following: Following, query: StreamQuery, drain: Drain) -> Self {
        let after = query.after.unwrap_or_else(|| *ledger.newest().borrow());
        let ready = VecDeque::from([position("retry: 1000", after)]);
        Self { ledger, following, filter: query.filter, after, drain, ready }
    }

    /// The next block; `None` ends the stream.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.drain.has_begun() {
                return None;
            }
            if let Some(block) = self.ready.pop_front() {
                return Some(block);
            }
            // Marked as seen before it is read: what comes meanwhile wakes the wait below.
            self.following.head().borrow_and_update();
            let before = self.after;
            self.read().await?;
            if !self.ready.is_empty() || self.after != before {
                continue;
            }
            tokio::select! {
                changed = self.following.head().changed() => changed.ok()?,
                () = self.drain.begun() => return None,
                () = sleep(limit::EVENTS_STREAM_SILENCE_MAX) => return Some(position(":", self.after)),
            }
        }
    }

    async fn read(&mut self) -> Option<()> {
        let page = match Page::of_tail(&self.following, self.after, &self.filter, limit::EVENTS_STREAM_PAGE) {
            Some(page) => Ok(page),
            None => Page::of_log(&*self.ledger, self.after, &self.filter, limit::EVENTS_STREAM_PAGE).await,
        };
        match page {
            Ok(page) => {
                self.after = page.next;
                self.ready.extend(page.events.iter().map(|event| event.block().clone()));
                Some(())
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "an event stream ends");
                None
            }
        }
    }
}

/// A block that moves the client's position and is no event.
fn position(first_line: &str, offset: Offset) -> Bytes {
    format!("{first_line}\nid: {offset}\n\n").into()
}
