//! What commits do to timers.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::limit;
use hookyard_domain::timer::Generation;

use super::{Application, Rejected};
use crate::CommitError;
use crate::sqlite::timer_rows;

impl Application<'_> {
    pub(super) fn check_timer(&self, name: &str, generation: Generation, version: u32) -> Result<(), Rejected> {
        if timer_rows::version(self.database, self.owner, name)? == Some((generation, version)) {
            Ok(())
        } else {
            Err(Rejected::Refused(CommitError::Moved))
        }
    }

    pub(super) fn start_timer(&mut self, name: &str, due_at: Timestamp, payload: &str) -> Result<Generation, Rejected> {
        self.cancel_timer(name)?;
        let timers = self.timers()?;
        if timers >= limit::TIMERS_MAX {
            return Err(Rejected::Refused(CommitError::TooManyTimers { max: limit::TIMERS_MAX }));
        }
        let generation = self.state.generation();
        timer_rows::insert(self.database, self.owner, generation, name, self.commit.at, due_at, payload)?;
        self.timers = Some(timers + 1);
        Ok(generation)
    }

    pub(super) fn cancel_timer(&mut self, name: &str) -> Result<(), Rejected> {
        // Who only cancels need not count.
        if timer_rows::delete(self.database, self.owner, name)? {
            self.timers = self.timers.map(|timers| timers.saturating_sub(1));
        }
        Ok(())
    }

    /// How many timers the owner has at this point of the commit.
    fn timers(&mut self) -> rusqlite::Result<usize> {
        let timers = match self.timers {
            Some(known) => known,
            None => timer_rows::count(self.database, self.owner)?,
        };
        self.timers = Some(timers);
        Ok(timers)
    }
}
