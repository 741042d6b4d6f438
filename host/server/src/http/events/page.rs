//! A page of events, out of the tail as long as it reaches back so far, else out of the log.

use std::sync::Arc;

use bytes::Bytes;
use hookyard_domain::event::{EventFilter, Offset};
use hookyard_store::{Ledger, StoreError};

use crate::tail::{Following, Recent, TailEvent};

/// Events that passed a filter.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) events: Vec<Arc<TailEvent>>,
    /// The last offset looked at.
    pub(super) next: Offset,
}

impl Page {
    /// Nothing was looked at yet.
    pub(super) const fn empty_at(offset: Offset) -> Self {
        Self { events: Vec::new(), next: offset }
    }

    /// `None` where the tail does not reach back so far.
    pub(super) fn of_tail(following: &Following, after: Offset, filter: &EventFilter, limit: usize) -> Option<Self> {
        match following.passing(after, filter, limit) {
            Recent::Events { events, through } => Some(Self { events, next: through }),
            Recent::Older => None,
        }
    }

    /// One page of the log.
    pub(super) async fn of_log<L: Ledger + ?Sized>(
        ledger: &L,
        after: Offset,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Self, StoreError> {
        let page = ledger.events(after, filter, limit).await?;
        let events = page.events.into_iter().map(|logged| Arc::new(TailEvent::new(logged))).collect();
        Ok(Self { events, next: page.next })
    }

    /// `{"events": […], "next": "…"}`; `next` is always there.
    pub(super) fn json(&self) -> Bytes {
        let bytes = self.events.iter().map(|event| event.json().len() + 1).sum::<usize>();
        let next = format!("],\"next\":\"{}\"}}", self.next);
        let mut json = Vec::with_capacity(bytes + next.len() + 16);
        json.extend_from_slice(b"{\"events\":[");
        for (index, event) in self.events.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            json.extend_from_slice(event.json());
        }
        json.extend_from_slice(next.as_bytes());
        json.into()
    }
}
