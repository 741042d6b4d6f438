//! What a worker knows and the store does not know yet.

use std::collections::BTreeMap;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::delivery::Delivery;
use hookyard_domain::event::Offset;
use hookyard_domain::limit;
use hookyard_domain::subscription::Position;
use hookyard_store::{CommitError, StoreError};

use super::error::DispatchError;
use super::order::{Answer, Tell};
use super::told::Told;
use super::window::Window;

/// Collects what is to be written down. One [`Batch`] of it is under way at a time.
#[derive(Debug)]
pub(super) struct Progress {
    /// How the subscription stands; its cursor is that of the last batch.
    pub(super) position: Position,
    kept: Position,
    rows: BTreeMap<Offset, Row>,
    told: Vec<Told>,
    answers: Vec<Answer>,
    /// Something was delivered that the kept cursor may not have passed.
    has_delivered: bool,
    per_commit: usize,
    /// After a failure.
    pub(super) not_before: Option<Timestamp>,
}

/// A delivery to be written down.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) delivery: Delivery,
    pub(super) told: Option<Told>,
    /// Who waits for that.
    pub(super) tell: Option<Tell>,
}

/// What is written down at once.
#[derive(Debug)]
pub(super) struct Batch {
    rows: Vec<Row>,
    /// Events that the cursor may pass because of this.
    closed: Vec<Offset>,
    position: Position,
    told: Vec<Told>,
    answers: Vec<Answer>,
    /// The deliveries of later events are forgotten.
    pub(super) replay_after: Option<Offset>,
}

/// What moves a batch on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Something has happened, or the cursor lags far behind.
    News,
    /// The cursor has moved at all.
    Last,
}

impl Progress {
    /// Nothing has happened since this was kept.
    pub(super) const fn since(position: Position, kept: Position) -> Self {
        Self {
            position,
            kept,
            rows: BTreeMap::new(),
            told: Vec::new(),
            answers: Vec::new(),
            has_delivered: false,
            per_commit: limit::DELIVERIES_PER_COMMIT_MAX,
            not_before: None,
        }
    }

    /// How a delivery stands is to be written down.
    pub(super) fn keep(&mut self, row: Row) {
        self.rows.insert(row.delivery.offset, row);
    }

    /// An event was delivered at once.
    pub(super) const fn delivered(&mut self) {
        self.has_delivered = true;
    }

    /// An event of the host is to be appended.
    pub(super) fn tell(&mut self, told: Told) {
        self.told.push(told);
    }

    /// Somebody waits until how the subscription stands now is durable.
    pub(super) fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
    }

    /// Deliveries that are not in a batch yet.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The next batch, if there is any: up to so many deliveries, and the cursor as far as it may go with them.
    pub(super) fn batch(&mut self, window: &mut Window, urgency: Urgency) -> Option<Batch> {
        let changed = Position { cursor: self.kept.cursor, ..self.position.clone() } != self.kept;
        let ahead = window.cursor().0.saturating_sub(self.kept.cursor.0);
        let moved = match urgency {
            Urgency::News => (self.has_delivered && ahead > 0) || ahead >= limit::CURSOR_LAG_MAX,
            Urgency::Last => ahead > 0,
        };
        if self.rows.is_empty() && self.told.is_empty() && self.answers.is_empty() && !changed && !moved {
            return None;
        }
        let mut rows = Vec::new();
        while rows.len() < self.per_commit
            && let Some((_, row)) = self.rows.pop_first()
        {
            rows.push(row);
        }
        let closed: Vec<_> =
            rows.iter().map(|row| row.delivery.offset).filter(|offset| window.is_open(*offset)).collect();
        closed.iter().for_each(|offset| window.close(*offset));
        self.position.cursor = window.cursor();
        self.has_delivered &= !window.is_empty();
        let (told, answers) = (std::mem::take(&mut self.told), std::mem::take(&mut self.answers));
        Some(Batch { rows, closed, position: self.position.clone(), told, answers, replay_after: None })
    }

    /// The batch that sets the cursor back or forth. Nothing else may be left.
    pub(super) fn replay(&self, after: Offset) -> Batch {
        let replays = self.position.replays.saturating_add(1);
        let position = Position { cursor: after, replays, ..self.position.clone() };
        let (rows, closed, told, answers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Batch { rows, closed, position, told, answers, replay_after: Some(after) }
    }

    /// It is durable. Says which deliveries are.
    pub(super) fn saved(&mut self, batch: Batch) -> Vec<Offset> {
        self.kept = batch.position;
        self.per_commit = limit::DELIVERIES_PER_COMMIT_MAX;
        if batch.replay_after.is_some() {
            self.position = self.kept.clone();
            self.has_delivered = false;
        }
        // Whoever has stopped waiting need not be told.
        batch.answers.into_iter().for_each(|answer| _ = answer.send(Ok(())));
        let saved = batch.rows.into_iter().map(|Row { delivery, tell, .. }| {
            let offset = delivery.offset;
            if let Some(tell) = tell {
                let _gone = tell.try_send(Ok(Some(delivery)));
            }
            offset
        });
        saved.collect()
    }

    /// It is not, as far as anybody knows: it is written down later. Those who wait are told so.
    pub(super) fn not_saved(
        &mut self,
        batch: Batch,
        error: &CommitError,
        window: &mut Window,
        again: Timestamp,
    ) -> DispatchError {
        self.not_before = Some(again);
        if matches!(error, CommitError::TooLarge { .. }) {
            self.per_commit = (batch.rows.len() / 2).max(1);
        }
        let error = DispatchError::Unavailable(store_error(error));
        batch.answers.into_iter().for_each(|answer| _ = answer.send(Err(error.clone())));
        batch.closed.into_iter().for_each(|offset| window.reopen(offset));
        for mut row in batch.rows {
            if let Some(tell) = row.tell.take() {
                let _gone = tell.try_send(Err(error.clone()));
            }
            // None of them can have come to stand otherwise meanwhile: nothing is tried before it is written down.
            self.rows.insert(row.delivery.offset, row);
        }
        self.told.splice(0..0, batch.told);
        self.has_delivered = true;
        error
    }
}

impl Batch {
    /// The commit for it.
    pub(super) fn commit(&self, at: Timestamp) -> Commit {
        let mut writes = Vec::with_capacity(2 * self.rows.len() + 2);
        for Row { delivery, told, .. } in &self.rows {
            writes.push(Write::Deliver(Box::new(delivery.clone())));
            writes.extend(told.iter().map(Told::append));
        }
        writes.extend(self.told.iter().map(Told::append));
        writes.push(Write::Advance(Box::new(self.position.clone())));
        if let Some(after) = self.replay_after {
            writes.push(Write::ForgetDeliveries { subscription: self.position.subscription.clone(), after });
        }
        Commit { owner: Owner::Host, at, guards: Vec::new(), writes }
    }
}

fn store_error(error: &CommitError) -> StoreError {
    match error {
        CommitError::Unavailable(error) => error.clone(),
        CommitError::Overloaded => StoreError::Overloaded,
        error => StoreError::Failed(std::sync::Arc::new(error.clone())),
    }
}
