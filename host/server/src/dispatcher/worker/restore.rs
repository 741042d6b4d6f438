//! What a worker has to know before it begins.

use hookyard_domain::inbox::Next;
use hookyard_domain::limit;
use hookyard_domain::subscription::Endpoint;
use hookyard_store::StoreError;

use super::super::lanes::Lanes;
use super::super::progress::Progress;
use super::super::window::Window;
use super::{Stage, Worker};

impl Worker {
    /// Reads where it stands, if that is not sure, and which deliveries are pending, until that succeeds; `false`: it is to end before.
    pub(super) async fn restore(&mut self) -> bool {
        loop {
            match self.read_rows().await {
                Ok(()) => return true,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, subscription = %self.id, "pending deliveries cannot be read");
                }
            }
            let later = self.shared.parts.sleep_until(Some(self.shared.later()));
            tokio::select! {
                _ = self.strings.stage.wait_for(|stage| *stage > Stage::Working) => return false,
                () = later => {}
            }
        }
    }

    async fn read_rows(&mut self) -> Result<(), StoreError> {
        let store = &self.shared.parts.store;
        if self.is_old {
            let positions = store.positions().await?;
            if let Some(position) = positions.into_iter().find(|position| position.subscription == self.id) {
                self.window = Window::at(position.cursor);
                self.progress = Progress::since(position.clone(), position);
            }
            self.is_old = false;
        }
        let mut lanes = Lanes::new(self.active.definition.ordered);
        let was_activated = match &self.active.definition.endpoint {
            Endpoint::Action(action) => self.shared.was_activated(&action.connection),
            Endpoint::Url(_) => false,
        };
        let (now, mut after) = (self.shared.now(), hookyard_domain::event::Offset::START);
        loop {
            let page = store.pending(&self.id, after, limit::DELIVERIES_PAGE_MAX).await?;
            let is_last = page.len() < limit::DELIVERIES_PAGE_MAX;
            for pending in page {
                after = pending.offset;
                let next = match pending.next {
                    Next::Activation if was_activated => Next::At(now),
                    next => next,
                };
                lanes.restore(pending.offset, pending.subject, next);
            }
            if is_last {
                break;
            }
        }
        self.lanes = lanes;
        let mut after = self.window.read();
        loop {
            let page = store.kept_after(&self.id, after, limit::DELIVERIES_PAGE_MAX).await?;
            after = page.last().copied().unwrap_or(after);
            let is_last = page.len() < limit::DELIVERIES_PAGE_MAX;
            self.skipped.extend(page);
            if is_last {
                return Ok(());
            }
        }
    }
}
