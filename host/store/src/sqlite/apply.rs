//! One commit, within the transaction of its group.

mod inbox;
mod timers;

use hookyard_domain::commit::{Commit, Committed, Guard, MarkKey, Write};
use hookyard_domain::event::{Event, Offset};
use hookyard_domain::kv::counter;
use rusqlite::Connection;

use super::state::WriterState;
use super::{delivery_rows, event_rows, idempotency_rows, kv_rows, mark_rows, subscription_rows, timer_rows};
use crate::CommitError;
use crate::inbox_room::RoomOfCommit;

/// Why a commit was not applied.
#[derive(Debug)]
pub(super) enum Rejected {
    /// It asks for what cannot be: it alone is undone.
    Refused(CommitError),
    /// The database fails: so does the group.
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Rejected {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

/// Checks the guards of a commit, then writes; `owner` is the number of whose it is. After an error the caller undoes what
/// was written.
pub(super) fn apply(
    database: &Connection,
    state: &mut WriterState,
    commit: &Commit,
    owner: i64,
) -> Result<Committed, Rejected> {
    let room = state.inbox.for_commit(&owner);
    let mut application = Application { database, state, commit, owner, room, timers: None };
    for guard in &commit.guards {
        application.check(guard)?;
    }
    let mut committed = Committed::default();
    for write in &commit.writes {
        match write {
            Write::Mark(mark) => application.mark(*mark)?,
            Write::Append { event, dedupe } => committed.events.push(application.append(event, *dedupe)?),
            Write::Set { key, value, expires_at } => {
                let revision = application.state.revision();
                kv_rows::set(database, owner, key, value, revision, *expires_at)?;
            }
            Write::Delete { key } => kv_rows::delete(database, owner, key)?,
            Write::Increment { key, by } => application.increment(key, *by)?,
            Write::Idempotency { id, record } => idempotency_rows::set(database, owner, *id, record, commit.at)?,
            Write::ForgetIdempotency { id } => idempotency_rows::forget(database, owner, *id)?,
            Write::Keep { webhook, standing } => application.keep(webhook, standing)?,
            Write::Settle { id, standing } => application.settle(*id, standing)?,
            Write::StartTimer { name, due_at, payload } => {
                committed.timers.push(application.start_timer(name, *due_at, payload)?);
            }
            Write::CancelTimer { name } => application.cancel_timer(name)?,
            Write::SettleTimer { name, standing } => timer_rows::update(database, owner, name, standing)?,
            Write::Advance(position) => subscription_rows::advance(database, position)?,
            Write::Deliver(delivery) => delivery_rows::keep(database, delivery)?,
            Write::ForgetDeliveries { subscription, after } => {
                delivery_rows::forget_after(database, subscription, *after)?;
            }
        }
    }
    let room = application.room;
    state.inbox.set(owner, room);
    Ok(committed)
}

struct Application<'a> {
    database: &'a Connection,
    state: &'a mut WriterState,
    commit: &'a Commit,
    owner: i64,
    /// The inbox with what this commit has changed so far.
    room: RoomOfCommit,
    /// How many timers the owner has, once this commit had to know.
    timers: Option<usize>,
}

impl Application<'_> {
    fn check(&self, guard: &Guard) -> Result<(), Rejected> {
        match guard {
            Guard::MarkAbsent(mark) => {
                if self.marked(*mark)? {
                    return Err(Rejected::Refused(CommitError::MarkPresent));
                }
            }
            Guard::NotKept(mark) => self.check_not_kept(*mark)?,
            Guard::WebhookAt { id, version } => self.check_webhook(*id, *version)?,
            Guard::TimerAt { name, generation, version } => self.check_timer(name, *generation, *version)?,
            Guard::KeyAt { key, revision } => {
                if kv_rows::revision(self.database, self.owner, key, self.commit.at)? != *revision {
                    return Err(Rejected::Refused(CommitError::KeyMoved { key: key.clone() }));
                }
            }
        }
        Ok(())
    }

    fn marked(&self, mark: MarkKey) -> rusqlite::Result<bool> {
        // The newest day first, because repeats come soon.
        let days = self.state.mark_days.range(mark_rows::oldest_kept(self.commit.at)..).rev().copied();
        mark_rows::marked_on(self.database, mark, days)
    }

    fn mark(&mut self, mark: MarkKey) -> rusqlite::Result<()> {
        let day = self.commit.at.as_days();
        mark_rows::insert(self.database, mark, day)?;
        self.state.mark_days.insert(day);
        Ok(())
    }

    fn append(&mut self, event: &Event, dedupe: Option<MarkKey>) -> rusqlite::Result<Option<Offset>> {
        if let Some(mark) = dedupe {
            if self.marked(mark)? {
                return Ok(None);
            }
            self.mark(mark)?;
        }
        let offset = self.state.newest + 1;
        event_rows::insert(self.database, offset, self.owner, event)?;
        self.state.newest = offset;
        Ok(Some(Offset(offset)))
    }

    fn increment(&mut self, key: &str, by: i64) -> Result<(), Rejected> {
        let not_a_number = || Rejected::Refused(CommitError::NotANumber { key: key.to_owned() });
        let held = kv_rows::get(self.database, self.owner, key, self.commit.at)?;
        let number = held.as_ref().map_or(Some(0), |entry| counter(&entry.value)).ok_or_else(not_a_number)?;
        let sum = number.checked_add(by).ok_or_else(not_a_number)?.to_string();
        let expires_at = held.and_then(|entry| entry.expires_at);
        let revision = self.state.revision();
        Ok(kv_rows::set(self.database, self.owner, key, sum.as_bytes(), revision, expires_at)?)
    }
}
