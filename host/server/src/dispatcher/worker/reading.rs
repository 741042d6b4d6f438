//! Takes events from the feed, or from the log when it has fallen behind.

use std::sync::Arc;

use hookyard_domain::event::{LoggedEvent, Offset};
use hookyard_domain::limit;
use hookyard_store::{EventPage, StoreError};

use super::super::feeds::Fed;
use super::super::index;
use super::{Reading, Worker};
use crate::tail::TailEvent;

impl Worker {
    /// Takes what there is, as far as there is room.
    pub(super) fn read_on(&mut self) {
        if !self.delivers() {
            return self.stop_reading();
        }
        if self.page_not_before.is_some_and(|at| at <= self.shared.now()) {
            self.page_not_before = None;
        }
        loop {
            let room = self.room_to_read();
            if room == 0 {
                return;
            }
            match self.shared.feeds.take(&self.id, room, self.window.is_empty()) {
                Some(Fed::Events(events)) => events.into_iter().for_each(|event| self.take_in(event)),
                Some(Fed::Through(through)) => return self.window.pass(through),
                Some(Fed::Dropped(read)) => self.window.pass(read),
                None => return self.read_log(room),
            }
        }
    }

    /// A page of the log has come. `seen`: what was handed on before it was begun.
    pub(super) fn take_page(&mut self, seen: Offset, page: Result<EventPage, StoreError>) {
        self.page = None;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, subscription = %self.id, "the log cannot be read");
                self.page_not_before = Some(self.shared.later());
                return;
            }
        };
        let is_end = page.events.is_empty() && page.next <= self.window.read();
        page.events.into_iter().for_each(|logged| self.take_in(Arc::new(TailEvent::new(logged))));
        self.window.pass(page.next);
        if is_end {
            self.window.pass(seen);
        }
        self.shared.feeds.join(&self.active, self.window.read(), &self.wake);
    }

    /// Neither feed nor page; both are taken up again where they were left.
    pub(super) fn stop_reading(&mut self) {
        (self.page, self.page_not_before) = (None, None);
        if let Some(through) = self.shared.feeds.leave(&self.id) {
            self.window.pass(through);
        }
    }

    fn read_log(&mut self, room: usize) {
        if self.page_not_before.is_some() || self.page.is_some() {
            return;
        }
        let (store, filter) = (Arc::clone(&self.shared.parts.store), self.active.definition.filter.clone());
        let (after, max, seen) =
            (self.window.read(), room.min(limit::DELIVERY_PAGE_EVENTS), self.shared.feeds.through());
        self.page = Some(Reading { seen, page: Box::pin(async move { store.events(after, &filter, max).await }) });
    }

    fn room_to_read(&mut self) -> usize {
        self.share.set(self.lanes.kept());
        let waiting = limit::DELIVERY_WAITING_MAX.saturating_sub(self.lanes.waiting());
        self.window.room().min(waiting).min(self.share.room())
    }

    fn take_in(&mut self, event: Arc<TailEvent>) {
        let LoggedEvent { offset, .. } = event.logged;
        if offset <= self.window.read() {
            return;
        }
        if self.skipped.remove(&offset) || !index::is_for(&self.active.definition, &event) {
            return self.window.pass(offset);
        }
        match self.shared.parts.attempts.wants(&self.active, &event) {
            Ok(false) => self.window.pass(offset),
            Ok(true) => {
                self.window.take(offset);
                self.lanes.put(offset, event.logged.event.subject.clone(), event);
                if self.lanes.is_held(offset) {
                    self.keep_held(offset);
                }
            }
            Err(reason) => {
                self.window.take(offset);
                self.lanes.put(offset, event.logged.event.subject.clone(), Arc::clone(&event));
                self.give_up(&event, reason);
            }
        }
    }
}
