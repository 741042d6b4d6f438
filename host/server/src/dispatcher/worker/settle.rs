//! What becomes of a delivery, and of the subscription, by an attempt.

use std::sync::{Arc, PoisonError};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{AttemptOutcome, Delivery, DeliveryState};
use hookyard_domain::event::Offset;
use hookyard_domain::inbox::{Next, Reason};
use hookyard_domain::limit;
use tokio::task::{self, JoinError};

use super::super::progress::Row;
use super::super::{health, told};
use super::Worker;
use super::tries::{Made, Tried, delivery_of};
use crate::tail::TailEvent;

impl Worker {
    /// A try has ended.
    pub(super) fn ended(&mut self, ended: Result<(task::Id, Tried), JoinError>) {
        let (id, tried) = match ended {
            Ok((id, tried)) => (id, tried),
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, subscription = %self.id, "an attempt to deliver panicked");
                }
                (error.id(), Tried::NotMade)
            }
        };
        let Some(offset) = self.running.remove(&id) else { return };
        match tried {
            Tried::Made(made) => self.settle(*made),
            Tried::NotMade => self.lanes.again_at(offset, self.shared.later()),
        }
    }

    /// An event whose `when` cannot be judged.
    pub(super) fn give_up(&mut self, event: &Arc<TailEvent>, reason: Reason) {
        let delivery = delivery_of(&self.shared, &self.active, event, self.progress.position.replays);
        let outcome = AttemptOutcome::Never { status: None, reason };
        let (began, activations) = (self.shared.now(), *self.strings.activations.borrow());
        self.settle(Made { delivery, event: Some(Arc::clone(event)), outcome, began, activations });
    }

    /// An event that was not tried yet waits behind one that is to be tried again: it gets a row.
    pub(super) fn keep_held(&mut self, offset: Offset) {
        let Some(event) = self.lanes.fresh(offset).map(Arc::clone) else { return };
        let delivery = delivery_of(&self.shared, &self.active, &event, self.progress.position.replays);
        self.lanes.save(offset, delivery.standing.next);
        self.progress.keep(Row { delivery, told: None, tell: None });
    }

    fn settle(&mut self, made: Made) {
        let now = self.shared.now();
        self.note(&made.outcome, now);
        self.judge(&made, now);
        let Made { mut delivery, event, outcome, began, activations } = made;
        let offset = delivery.offset;
        if matches!(outcome, AttemptOutcome::Delivered { .. }) && self.lanes.fresh(offset).is_some() {
            self.window.close(offset);
            self.lanes.remove(offset);
            return self.progress.delivered();
        }
        let parts = &self.shared.parts;
        delivery.standing = delivery.standing.after(&outcome, began, now, parts.entropy.number());
        let is_exhausted = delivery.standing.state == DeliveryState::Exhausted;
        let event = event.as_ref().map(|event| &event.logged.event);
        let told =
            is_exhausted.then(|| told::exhausted(&delivery, event, now, &*parts.entropy, &parts.hash_key)).flatten();
        self.lanes.save(offset, delivery.standing.next);
        if delivery.standing.next == Some(Next::Activation) {
            self.await_activation(offset, activations, now);
        }
        self.progress.keep(Row { delivery, told, tell: None });
        for held in self.lanes.held_with(offset) {
            self.keep_held(held);
        }
    }

    /// What the attempt says of the endpoint.
    fn judge(&mut self, made: &Made, now: Timestamp) {
        let parts = &self.shared.parts;
        let after = health::after(&self.progress.position, &made.outcome, now, parts.pause_after);
        let before = std::mem::replace(&mut self.progress.position, after);
        if let (None, Some(paused)) = (&before.paused, &self.progress.position.paused) {
            let Delivery { subscription, .. } = &made.delivery;
            tracing::warn!(%subscription, code = paused.reason.code, "deliveries are paused: {}", paused.reason.message);
            let active = &self.active;
            let told = told::paused(&active.definition, paused, active.made_at, &*parts.entropy, &parts.hash_key);
            self.progress.tell(told);
        }
        match &made.outcome {
            AttemptOutcome::Delivered { .. } => {
                (self.failures, self.awaits_activation) = (0, false);
                if before.failing_since.is_some() || std::mem::take(&mut self.is_new) {
                    self.lanes.forward();
                }
            }
            AttemptOutcome::Failed { reason, retry_after, .. } => {
                self.count_failure(made.delivery.offset);
                // Another call has the order key; that says nothing of those of other subjects.
                if let Some(wait) = retry_after.filter(|_| reason.code != "order-key-busy") {
                    let until = now.after(wait.min(limit::RETRY_AFTER_MAX));
                    self.held_until = self.held_until.max(Some(until));
                }
            }
            AttemptOutcome::Unauthorized(_) | AttemptOutcome::Gone(_) => self.count_failure(made.delivery.offset),
            AttemptOutcome::Never { .. } => {}
        }
    }

    /// One that was tried before its time, because others succeeded, says something of itself: otherwise several that always fail would
    /// make each other come again after every success, and others wait for them.
    fn count_failure(&mut self, offset: Offset) {
        if self.lanes.is_early(offset) {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures == limit::OUTAGE_FAILURES {
            self.lanes.forgive();
        }
    }

    /// Nothing is tried before the next activation, unless there has been one since the attempt began.
    fn await_activation(&mut self, offset: Offset, seen: u64, now: Timestamp) {
        if *self.strings.activations.borrow() == seen {
            self.awaits_activation = true;
        } else {
            self.lanes.has_missed(offset, now);
        }
    }

    fn note(&self, outcome: &AttemptOutcome, now: Timestamp) {
        let mut board = self.strings.board.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            AttemptOutcome::Delivered { .. } => board.last_delivered_at = Some(now),
            AttemptOutcome::Failed { reason, .. }
            | AttemptOutcome::Never { reason, .. }
            | AttemptOutcome::Unauthorized(reason)
            | AttemptOutcome::Gone(reason) => board.last_error = Some((now, reason.clone())),
        }
    }
}
