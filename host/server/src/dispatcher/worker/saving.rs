//! Writes down what has happened, a batch at a time.

use std::sync::Arc;

use hookyard_domain::commit::Committed;
use hookyard_store::CommitError;

use super::super::progress::{Batch, Urgency};
use super::super::window::Window;
use super::{Stage, Worker};

impl Worker {
    /// Begins a commit, if there is anything to write down and none is under way.
    pub(super) fn save(&mut self) {
        if self.commit.is_some() || self.has_to_wait() {
            return;
        }
        self.progress.not_before = None;
        let urgency = match self.stage {
            Stage::Working => Urgency::News,
            Stage::Ending | Stage::Cut => Urgency::Last,
        };
        let batch = self.progress.batch(&mut self.window, urgency);
        let Some(batch) = batch.or_else(|| self.batch_of_replay()) else { return };
        let (store, commit) = (Arc::clone(&self.shared.parts.store), batch.commit(self.shared.now()));
        self.commit = Some(Box::pin(async move {
            let result = store.commit(commit).await;
            (batch, result)
        }));
    }

    /// After a failure, unless this is the last chance.
    fn has_to_wait(&self) -> bool {
        let is_last = self.stage > Stage::Working && self.tries.is_empty() && !self.gave_up;
        !is_last && self.progress.not_before.is_some_and(|at| self.shared.now() < at)
    }

    /// When nothing goes on any more and all else is written down.
    fn batch_of_replay(&self) -> Option<Batch> {
        let replay = self.replay.as_ref().filter(|_| self.tries.is_empty() && self.stage == Stage::Working)?;
        Some(self.progress.replay(replay.after))
    }

    /// A commit has ended.
    pub(super) fn committed(&mut self, batch: Batch, result: Result<Committed, CommitError>) {
        self.commit = None;
        let replayed = batch.replay_after;
        match result {
            Ok(_) => {
                self.progress.saved(batch).into_iter().for_each(|offset| self.lanes.saved(offset));
                if let Some(after) = replayed {
                    self.lanes.forget_after(after);
                    self.skipped.clear();
                    self.window = Window::at(after);
                    if let Some(answer) = self.replay.take().and_then(|replay| replay.answer) {
                        let _gone = answer.send(Ok(()));
                    }
                }
            }
            Err(error) => {
                let again = self.shared.later();
                tracing::warn!(error = &error as &dyn std::error::Error, subscription = %self.id, "progress is not written");
                self.gave_up = self.stage > Stage::Working && self.tries.is_empty();
                let failed = self.progress.not_saved(batch, &error, &mut self.window, again);
                if let Some(answer) = self.replay.as_mut().and_then(|replay| replay.answer.take()) {
                    let _gone = answer.send(Err(failed));
                }
            }
        }
    }
}
