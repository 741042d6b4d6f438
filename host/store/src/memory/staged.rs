//! What a commit may still be refused for, worked out before anything of it is written.

use std::collections::BTreeMap;

use hookyard_domain::commit::{Commit, Write};
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{InboxEntry, Place, Standing};
use hookyard_domain::kv::{KvEntry, Revision, counter};
use hookyard_domain::limit;
use hookyard_domain::timer::{Generation, Timer, TimerStanding};
use hookyard_domain::webhook::KeptWebhook;

use super::state::{State, Whose, exists};
use crate::CommitError;
use crate::inbox_room::RoomOfCommit;

/// What becomes of the keys, webhooks and timers that a commit writes.
#[derive(Debug)]
pub(super) struct Staged<'a> {
    commit: &'a Commit,
    pub(super) whose: Whose,
    /// `None`: it is deleted.
    pub(super) keys: BTreeMap<String, Option<KvEntry>>,
    pub(super) webhooks: BTreeMap<Place, InboxEntry>,
    /// `None`: it is cancelled.
    pub(super) timers: BTreeMap<String, Option<Timer>>,
    /// For each start of a timer, in order.
    pub(super) generations: Vec<Generation>,
    pub(super) room: Option<RoomOfCommit>,
}

impl<'a> Staged<'a> {
    /// Goes through the writes in order.
    pub(super) fn of(commit: &'a Commit, state: &mut State) -> Result<Self, CommitError> {
        let whose = commit.owner.connection().cloned();
        let mut staged = Self {
            commit,
            room: whose.as_ref().map(|connection| state.room.for_commit(connection)),
            whose,
            keys: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            timers: BTreeMap::new(),
            generations: Vec::new(),
        };
        for write in &commit.writes {
            match write {
                Write::Set { .. } | Write::Delete { .. } | Write::Increment { .. } => staged.key(state, write)?,
                Write::Keep { webhook, standing } => staged.keep(state, webhook, standing)?,
                Write::Settle { id, standing } => staged.settle(state, *id, standing)?,
                Write::StartTimer { .. } | Write::CancelTimer { .. } | Write::SettleTimer { .. } => {
                    staged.timer(state, write)?;
                }
                Write::Mark(_) | Write::Append { .. } | Write::Idempotency { .. } | Write::ForgetIdempotency { .. } => {
                }
            }
        }
        Ok(staged)
    }

    fn key(&mut self, state: &mut State, write: &Write) -> Result<(), CommitError> {
        let (key, entry) = match write {
            Write::Set { key, value, expires_at } => (key, Some((value.clone(), *expires_at))),
            Write::Increment { key, by } => {
                let not_a_number = || CommitError::NotANumber { key: key.clone() };
                let held = match self.keys.get(key) {
                    Some(entry) => entry.as_ref().filter(|entry| exists(entry, self.commit.at)),
                    None => state.entry(self.whose.as_ref(), key, self.commit.at),
                };
                let number = held.map_or(Some(0), |entry| counter(&entry.value)).ok_or_else(not_a_number)?;
                let sum = number.checked_add(*by).ok_or_else(not_a_number)?;
                (key, Some((sum.to_string().into_bytes(), held.and_then(|entry| entry.expires_at))))
            }
            Write::Delete { key } => (key, None),
            _ => return Ok(()),
        };
        let revision = Revision(state.number());
        let entry = entry.map(|(value, expires_at)| KvEntry { value, revision, expires_at });
        self.keys.insert(key.clone(), entry);
        Ok(())
    }

    fn keep(&mut self, state: &State, webhook: &KeptWebhook, standing: &Standing) -> Result<(), CommitError> {
        let staged = |entry: &InboxEntry| entry.webhook.id == webhook.id;
        let known = state.inbox.contains_key(&webhook.place)
            || state.places.contains_key(&webhook.id)
            || self.webhooks.contains_key(&webhook.place)
            || self.webhooks.values().any(staged);
        if known {
            return Err(CommitError::KeptAlready);
        }
        self.change_room(webhook, false, standing)?;
        let entry = InboxEntry { webhook: webhook.clone(), standing: standing.clone(), version: 0 };
        self.webhooks.insert(webhook.place, entry);
        Ok(())
    }

    fn settle(&mut self, state: &State, id: WebhookId, standing: &Standing) -> Result<(), CommitError> {
        let staged = self.webhooks.values().find(|entry| entry.webhook.id == id);
        let Some(entry) = staged.or_else(|| state.webhook(id)) else { return Ok(()) };
        if Some(&entry.webhook.connection) != self.whose.as_ref() {
            return Ok(());
        }
        let (entry, was_unsettled) = (entry.clone(), entry.standing.is_unsettled());
        self.change_room(&entry.webhook, was_unsettled, standing)?;
        let entry = InboxEntry { standing: standing.clone(), version: entry.version + 1, webhook: entry.webhook };
        self.webhooks.insert(entry.webhook.place, entry);
        Ok(())
    }

    fn change_room(&mut self, of: &KeptWebhook, was_unsettled: bool, standing: &Standing) -> Result<(), CommitError> {
        let Some(room) = &mut self.room else { return Ok(()) };
        room.change(of.bytes() as u64, was_unsettled, standing.is_unsettled())
    }

    fn timer(&mut self, state: &mut State, write: &Write) -> Result<(), CommitError> {
        let Some(connection) = self.whose.clone() else { return Ok(()) };
        match write {
            Write::StartTimer { name, due_at, payload } => {
                self.timers.insert(name.clone(), None);
                let max = limit::TIMERS_MAX;
                if self.count_timers(state) >= max {
                    return Err(CommitError::TooManyTimers { max });
                }
                let generation = Generation(state.number());
                self.generations.push(generation);
                let timer = Timer {
                    connection,
                    name: name.clone(),
                    generation,
                    payload: payload.clone(),
                    started_at: self.commit.at,
                    due_at: *due_at,
                    standing: TimerStanding::started(*due_at),
                    version: 0,
                };
                self.timers.insert(name.clone(), Some(timer));
            }
            Write::CancelTimer { name } => {
                self.timers.insert(name.clone(), None);
            }
            Write::SettleTimer { name, standing } => {
                let staged = match self.timers.get(name) {
                    Some(staged) => staged.clone(),
                    None => state.timers.get(&(connection, name.clone())).cloned(),
                };
                let settled =
                    |timer: Timer| Timer { standing: (**standing).clone(), version: timer.version + 1, ..timer };
                self.timers.insert(name.clone(), staged.map(settled));
            }
            _ => {}
        }
        Ok(())
    }

    /// How many timers the owner has with what is staged.
    fn count_timers(&self, state: &State) -> usize {
        let untouched = state
            .timers
            .keys()
            .filter(|(connection, name)| Some(connection) == self.whose.as_ref() && !self.timers.contains_key(name));
        untouched.count() + self.timers.values().flatten().count()
    }
}
