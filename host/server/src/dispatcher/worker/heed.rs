//! Does what is wanted.

use std::sync::Arc;

use hookyard_domain::delivery::{DeliveryFilter, DeliveryState};
use hookyard_domain::event::Offset;
use hookyard_domain::inbox::{Next, Reason};
use hookyard_domain::limit;
use tokio::task::JoinSet;

use super::super::error::DispatchError;
use super::super::order::{Order, Retry, Tell};
use super::super::progress::Row;
use super::super::{health, index};
use super::{Stage, Woken, Worker};

impl Worker {
    /// Deals with what has happened.
    pub(super) async fn heed(&mut self, woken: Woken) {
        match woken {
            Woken::Staged => self.staged(),
            Woken::Defined => self.defined(),
            Woken::Activated => self.activated(),
            Woken::Ordered(order) => self.ordered(order).await,
            Woken::Tried(tried) => self.ended(tried),
            Woken::Saved(batch, result) => self.committed(batch, result),
            Woken::Read(seen, page) => self.take_page(seen, page),
            Woken::Room(permit) => (self.room, self.spare) = (None, permit),
            Woken::Nothing => {}
        }
        self.retry_waiting().await;
    }

    fn staged(&mut self) {
        let stage = match self.strings.stage.has_changed() {
            Ok(_) => *self.strings.stage.borrow_and_update(),
            Err(_) => Stage::Cut,
        };
        self.stage = self.stage.max(stage);
        self.gave_up = false;
        if self.stage == Stage::Cut {
            // What was under way stays open, so that the cursor does not pass it.
            (self.tries, self.running) = (JoinSet::new(), std::collections::HashMap::new());
        }
    }

    /// What was read and not tried yet is judged anew.
    fn defined(&mut self) {
        self.stop_reading();
        self.active = Arc::clone(&self.strings.definition.borrow_and_update());
        self.lanes.set_ordered(self.active.definition.ordered);
        self.held_until = None;
        self.activated();
        for (offset, event) in self.lanes.all_fresh() {
            let wants = match index::is_for(&self.active.definition, &event) {
                true => self.shared.parts.attempts.wants(&self.active, &event),
                false => Ok(false),
            };
            match wants {
                Ok(true) if self.lanes.is_held(offset) => self.keep_held(offset),
                Ok(true) => {}
                Ok(false) => {
                    self.window.close(offset);
                    self.lanes.remove(offset);
                }
                Err(reason) => self.give_up(&event, reason),
            }
        }
    }

    fn activated(&mut self) {
        self.strings.activations.borrow_and_update();
        self.awaits_activation = false;
        self.lanes.activated();
    }

    async fn ordered(&mut self, order: Order) {
        match order {
            Order::Pause(answer) => {
                let message = "paused by the operator".to_owned();
                let reason = Reason { code: "operator".into(), message };
                health::pause(&mut self.progress.position, reason, self.shared.now());
                self.progress.answer(answer);
            }
            Order::Resume(answer) => {
                (self.progress.position.paused, self.progress.position.failing_since) = (None, None);
                (self.held_until, self.failures, self.awaits_activation) = (None, 0, false);
                self.lanes.hurry();
                self.progress.answer(answer);
            }
            Order::Replay(replay) => self.replay = Some(replay),
            Order::Retry(Retry { offsets, filter, tell }) => {
                for offset in offsets {
                    if self.lanes.is_busy(offset) && filter.is_none() {
                        self.retries.entry(offset).or_default().push(tell.clone());
                    } else {
                        self.retry(offset, filter.as_ref(), tell.clone()).await;
                    }
                }
            }
        }
    }

    async fn retry_waiting(&mut self) {
        if self.stage > Stage::Working {
            self.retries.clear();
        }
        let free: Vec<_> = self.retries.keys().copied().filter(|offset| !self.lanes.is_busy(*offset)).collect();
        for offset in free {
            // Of several that want the same, all but the first wait until that is written down.
            for tell in self.retries.remove(&offset).unwrap_or_default() {
                self.retry(offset, None, tell).await;
            }
        }
    }

    async fn retry(&mut self, offset: Offset, filter: Option<&DeliveryFilter>, tell: Tell) {
        // There is room for one message on each delivery.
        let answer = |message| _ = tell.try_send(message);
        if self.lanes.is_busy(offset) {
            if filter.is_none() {
                self.retries.entry(offset).or_default().push(tell);
            } else {
                answer(Ok(None));
            }
            return;
        }
        let delivery = match self.shared.parts.store.delivery_at(&self.id, offset).await {
            Ok(delivery) => delivery,
            Err(error) => return answer(Err(DispatchError::Unavailable(error))),
        };
        let wanted = delivery.filter(|delivery| filter.is_none_or(|filter| filter.matches(delivery)));
        let Some(mut delivery) = wanted else { return answer(Ok(None)) };
        let is_pending = delivery.standing.state == DeliveryState::Pending;
        if !is_pending && self.lanes.kept() >= limit::DELIVERIES_PENDING_MAX {
            return answer(Err(DispatchError::TooManyPending { max: limit::DELIVERIES_PENDING_MAX }));
        }
        delivery.standing = delivery.standing.retried(self.shared.now());
        let next = delivery.standing.next.unwrap_or(Next::At(self.shared.now()));
        if !self.lanes.has(offset) {
            self.lanes.restore(offset, delivery.subject.clone(), next);
        }
        self.lanes.save(offset, Some(next));
        self.progress.keep(Row { delivery, told: None, tell: Some(tell) });
    }
}
