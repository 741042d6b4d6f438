//! What a commit may still be refused for, worked out before anything of it is written.

use std::collections::{BTreeMap, HashMap};

use hookyard_domain::commit::{Commit, Write};
use hookyard_domain::id::{ConnectionId, WebhookId};
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
    /// Where each of those stands.
    places: HashMap<WebhookId, Place>,
    /// `None`: it is cancelled.
    pub(super) timers: BTreeMap<String, Option<Timer>>,
    /// How many timers the owner has with what is staged, once somebody had to know.
    timer_count: Option<usize>,
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
            places: HashMap::new(),
            timers: BTreeMap::new(),
            timer_count: None,
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
                Write::Mark(_)
                | Write::Append { .. }
                | Write::Idempotency { .. }
                | Write::ForgetIdempotency { .. }
                | Write::Advance(_)
                | Write::Deliver(_)
                | Write::ForgetDeliveries { .. } => {}
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
        let known = state.inbox.contains_key(&webhook.place)
            || state.places.contains_key(&webhook.id)
            || self.webhooks.contains_key(&webhook.place)
            || self.places.contains_key(&webhook.id);
        if known {
            return Err(CommitError::KeptAlready);
        }
        self.change_room(webhook, false, standing)?;
        let entry = InboxEntry { webhook: webhook.clone(), standing: standing.clone(), version: 0 };
        self.stage(entry);
        Ok(())
    }

    fn settle(&mut self, state: &State, id: WebhookId, standing: &Standing) -> Result<(), CommitError> {
        let staged = self.places.get(&id).and_then(|place| self.webhooks.get(place));
        let Some(entry) = staged.or_else(|| state.webhook(id)) else { return Ok(()) };
        if Some(&entry.webhook.connection) != self.whose.as_ref() {
            return Ok(());
        }
        let (entry, was_unsettled) = (entry.clone(), entry.standing.is_unsettled());
        self.change_room(&entry.webhook, was_unsettled, standing)?;
        let entry = InboxEntry { standing: standing.clone(), version: entry.version + 1, webhook: entry.webhook };
        self.stage(entry);
        Ok(())
    }

    fn stage(&mut self, entry: InboxEntry) {
        self.places.insert(entry.webhook.id, entry.webhook.place);
        self.webhooks.insert(entry.webhook.place, entry);
    }

    fn change_room(&mut self, of: &KeptWebhook, was_unsettled: bool, standing: &Standing) -> Result<(), CommitError> {
        let Some(room) = &mut self.room else { return Ok(()) };
        room.change(of.bytes() as u64, was_unsettled, standing.is_unsettled())
    }

    fn timer(&mut self, state: &mut State, write: &Write) -> Result<(), CommitError> {
        let Some(connection) = self.whose.clone() else { return Ok(()) };
        match write {
            Write::StartTimer { name, due_at, payload } => {
                let (others, max) = (self.timers_beside(state, &connection, name), limit::TIMERS_MAX);
                if others >= max {
                    return Err(CommitError::TooManyTimers { max });
                }
                let generation = Generation(state.number());
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
                self.generations.push(generation);
                self.timers.insert(name.clone(), Some(timer));
                self.timer_count = Some(others + 1);
            }
            Write::CancelTimer { name } => {
                self.timer_count = Some(self.timers_beside(state, &connection, name));
                self.timers.insert(name.clone(), None);
            }
            Write::SettleTimer { name, standing } => {
                let settled = self.timer_of(state, &connection, name).cloned().map(|timer| Timer {
                    standing: (**standing).clone(),
                    version: timer.version + 1,
                    ..timer
                });
                self.timers.insert(name.clone(), settled);
            }
            _ => {}
        }
        Ok(())
    }

    fn timer_of<'s>(&'s self, state: &'s State, connection: &ConnectionId, name: &str) -> Option<&'s Timer> {
        match self.timers.get(name) {
            Some(staged) => staged.as_ref(),
            None => state.timers.get(&(connection.clone(), name.to_owned())),
        }
    }

    /// How many timers the owner has at this point of the commit, without the one of this name.
    fn timers_beside(&self, state: &State, connection: &ConnectionId, name: &str) -> usize {
        let count = self.timer_count.unwrap_or_else(|| state.timer_names(connection).len());
        count - usize::from(self.timer_of(state, connection, name).is_some())
    }
}
