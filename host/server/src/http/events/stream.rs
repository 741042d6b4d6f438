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
use hookyard_domain::event::{EventFilter, LoggedEvent, Offset};
use hookyard_domain::limit;
use hookyard_store::Ledger;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, Uri};
use tokio::sync::watch;
use tokio::time::sleep;

use super::query::StreamQuery;
use crate::cloud_event::CloudEvent;
use crate::http::app::App;
use crate::http::drain::Drain;
use crate::http::problem::Problem;

/// Follows the log.
pub(crate) async fn follow(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let last_event_id = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?"));
    let query = StreamQuery::parse(uri.query().unwrap_or_default(), last_event_id)?;
    let follower = Follower::new(Arc::clone(&app.host.store), query, app.drain.clone());
    let blocks = unfold(follower, |mut follower| async {
        let block = follower.next().await?;
        Some((Ok::<_, Infallible>(block), follower))
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
    newest: watch::Receiver<Offset>,
    filter: EventFilter,
    after: Offset,
    drain: Drain,
    /// Blocks of one page at most.
    ready: VecDeque<Bytes>,
}

impl<L: Ledger + ?Sized> Follower<L> {
    pub(super) fn new(ledger: Arc<L>, query: StreamQuery, drain: Drain) -> Self {
        let newest = ledger.newest();
        let after = query.after.unwrap_or_else(|| *newest.borrow());
        let ready = VecDeque::from([position("retry: 1000", after)]);
        Self { ledger, newest, filter: query.filter, after, drain, ready }
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
            // Marked as seen before the log is read: what comes meanwhile wakes the wait below.
            self.newest.borrow_and_update();
            let before = self.after;
            self.read().await?;
            if !self.ready.is_empty() || self.after != before {
                continue;
            }
            tokio::select! {
                changed = self.newest.changed() => changed.ok()?,
                () = self.drain.begun() => return None,
                () = sleep(limit::EVENTS_STREAM_SILENCE_MAX) => return Some(position(":", self.after)),
            }
        }
    }

    async fn read(&mut self) -> Option<()> {
        match self.ledger.events(self.after, &self.filter, limit::EVENTS_STREAM_PAGE).await {
            Ok(page) => {
                self.after = page.next;
                self.ready.extend(page.events.iter().filter_map(block));
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

fn block(logged: &LoggedEvent) -> Option<Bytes> {
    let event = CloudEvent::from(logged);
    let data = serde_json::to_string(&event).inspect_err(|error| tracing::error!(%error, "an event cannot be written"));
    // Between its tokens a plugin's data may hold line ends, which end a field here. Within strings JSON has none, so that a
    // blank says the same, and a reader gets each event on one line.
    let data = data.ok()?.replace(['\n', '\r'], " ");
    Some(format!("id: {}\nevent: {}\ndata: {data}\n\n", logged.offset, event.event_type()).into())
}
