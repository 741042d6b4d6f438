//! What the store in memory remembers, and how a commit changes it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Commit, Committed, Guard, MarkKey, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::event::{Event, EventFilter, LoggedEvent, Offset};
use hookyard_domain::id::{ConnectionId, PluginName, TokenId};
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord};
use hookyard_domain::kv::{KvEntry, Revision, counter};
use hookyard_domain::limit;

use crate::pages::{EventPageBuilder, KeyPageBuilder};
use crate::{ApiToken, CommitError, ConnectionRecord, Consent, EventPage, HeldVersion, KeyPage, Life, PluginState};

/// Whose it is; `None`: the host's.
type Whose = Option<ConnectionId>;
type KvKey = (Whose, String);

/// Everything that a [`MemoryStore`](super::MemoryStore) remembers.
#[derive(Default)]
pub(super) struct State {
    /// The event at offset `n` is at index `n - 1`.
    events: Vec<Event>,
    /// The newest day under which each mark was set.
    marks: HashMap<MarkKey, i64>,
    pub(super) kv: BTreeMap<KvKey, KvEntry>,
    pub(super) idempotency: BTreeMap<(Whose, IdempotencyId), IdempotencyRecord>,
    revision: u64,
    swept_at: Option<Timestamp>,
    pub(super) host_keys: HashMap<String, [u8; 32]>,
    pub(super) tokens: BTreeMap<TokenId, ApiToken>,
    pub(super) consents: BTreeMap<ConnectionId, Consent>,
    pub(super) plugin_states: BTreeMap<PluginName, PluginState>,
    pub(super) records: BTreeMap<ConnectionId, ConnectionRecord>,
    pub(super) held: BTreeMap<ConnectionId, HeldVersion>,
    pub(super) lives: BTreeMap<ConnectionId, Life>,
}

impl State {
    /// Everything of the commit, or nothing of it.
    pub(super) fn apply(&mut self, commit: &Commit) -> Result<Committed, CommitError> {
        if !self.is_alive(&commit.owner) {
            return Err(CommitError::Gone);
        }
        for guard in &commit.guards {
            self.check(commit, guard)?;
        }
        // Only a change of a key can still be refused, so these are staged before anything else is written.
        let staged = self.stage_keys(commit)?;
        for (key, entry) in staged {
            match entry {
                Some(entry) => self.kv.insert(key, entry),
                None => self.kv.remove(&key),
            };
        }
        let mut committed = Committed::default();
        for write in &commit.writes {
            match write {
                Write::Mark(mark) => self.mark(*mark, commit.at),
                Write::Append { event, dedupe } => committed.events.push(self.append(event, *dedupe, commit.at)),
                Write::Idempotency { id, record } => {
                    if !self.is_answered(commit.owner.connection(), *id, commit.at) {
                        self.idempotency.insert((commit.owner.connection().cloned(), *id), (**record).clone());
                    }
                }
                Write::ForgetIdempotency { id } => {
                    let key = (commit.owner.connection().cloned(), *id);
                    if self.idempotency.get(&key).is_some_and(|record| record.answer.is_none()) {
                        self.idempotency.remove(&key);
                    }
                }
                Write::Set { .. } | Write::Delete { .. } | Write::Increment { .. } => {}
                _ => unimplemented!(),
            }
        }
        Ok(committed)
    }

    fn is_alive(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Connection { id, incarnation } => match self.lives.get(id) {
                Some(life) => !life.deleting && life.incarnation == *incarnation,
                None => *incarnation == Incarnation::default(),
            },
            Owner::Host => true,
        }
    }

    fn check(&self, commit: &Commit, guard: &Guard) -> Result<(), CommitError> {
        match guard {
            Guard::MarkAbsent(mark) if self.marked(*mark, commit.at) => Err(CommitError::MarkPresent),
            Guard::KeyAt { key, revision }
                if self.entry(commit.owner.connection(), key, commit.at).map(|entry| entry.revision) != *revision =>
            {
                Err(CommitError::KeyMoved { key: key.clone() })
            }
            Guard::MarkAbsent(_) | Guard::KeyAt { .. } => Ok(()),
            _ => unimplemented!(),
        }
    }

    /// What becomes of each key that the commit writes; `None`: it is deleted.
    fn stage_keys(&mut self, commit: &Commit) -> Result<BTreeMap<KvKey, Option<KvEntry>>, CommitError> {
        let mut staged: BTreeMap<KvKey, Option<KvEntry>> = BTreeMap::new();
        for write in &commit.writes {
            let (key, entry) = match write {
                Write::Set { key, value, expires_at } => (key, Some((value.clone(), *expires_at))),
                Write::Delete { key } => (key, None),
                Write::Increment { key, by } => {
                    let not_a_number = || CommitError::NotANumber { key: key.clone() };
                    let held = match staged.get(&(commit.owner.connection().cloned(), key.clone())) {
                        Some(entry) => entry.as_ref().filter(|entry| exists(entry, commit.at)),
                        None => self.entry(commit.owner.connection(), key, commit.at),
                    };
                    let number = held.map_or(Some(0), |entry| counter(&entry.value)).ok_or_else(not_a_number)?;
                    let sum = number.checked_add(*by).ok_or_else(not_a_number)?;
                    (key, Some((sum.to_string().into_bytes(), held.and_then(|entry| entry.expires_at))))
                }
                _ => continue,
            };
            self.revision += 1;
            let revision = Revision(self.revision);
            let entry = entry.map(|(value, expires_at)| KvEntry { value, revision, expires_at });
            staged.insert((commit.owner.connection().cloned(), key.clone()), entry);
        }
        Ok(staged)
    }

    fn mark(&mut self, mark: MarkKey, at: Timestamp) {
        let day = self.marks.entry(mark).or_insert(i64::MIN);
        *day = at.as_days().max(*day);
    }

    fn append(&mut self, event: &Event, dedupe: Option<MarkKey>, at: Timestamp) -> Option<Offset> {
        if let Some(mark) = dedupe {
            if self.marked(mark, at) {
                return None;
            }
            self.mark(mark, at);
        }
        self.events.push(event.clone());
        Some(self.newest())
    }

    pub(super) fn newest(&self) -> Offset {
        Offset(self.events.len() as u64)
    }

    pub(super) fn marked(&self, mark: MarkKey, now: Timestamp) -> bool {
        self.marks.get(&mark).is_some_and(|day| *day >= now.as_days() - limit::MARK_RETENTION_DAYS)
    }

    pub(super) fn entry(&self, whose: Option<&ConnectionId>, key: &str, now: Timestamp) -> Option<&KvEntry> {
        self.kv.get(&(whose.cloned(), key.to_owned())).filter(|entry| exists(entry, now))
    }

    fn is_answered(&self, whose: Option<&ConnectionId>, id: IdempotencyId, at: Timestamp) -> bool {
        self.idempotency(whose, id, at).is_some_and(|record| record.answer.is_some())
    }

    pub(super) fn idempotency(
        &self,
        whose: Option<&ConnectionId>,
        id: IdempotencyId,
        now: Timestamp,
    ) -> Option<&IdempotencyRecord> {
        self.idempotency.get(&(whose.cloned(), id)).filter(|record| record.expires_at > now)
    }

    pub(super) fn keys(
        &self,
        connection: &ConnectionId,
        prefix: &str,
        after: Option<&str>,
        max: usize,
        now: Timestamp,
    ) -> KeyPage {
        let mut page = KeyPageBuilder::new(max);
        let from = Bound::Included((Some(connection.clone()), after.unwrap_or_default().max(prefix).to_owned()));
        let following = self.kv.range((from, Bound::Unbounded)).filter(|((_, key), _)| Some(key.as_str()) != after);
        for ((owner, key), entry) in following {
            if owner.as_ref() != Some(connection) || !key.starts_with(prefix) {
                break;
            }
            if !page.has_room() {
                return page.full();
            }
            page.look_at(key, !exists(entry, now));
        }
        page.at_end()
    }

    pub(super) fn events(&self, after: Offset, filter: &EventFilter, limit: usize) -> EventPage {
        let mut page = EventPageBuilder::new(after, limit);
        let first = usize::try_from(after.0).unwrap_or(usize::MAX).min(self.events.len());
        for (index, event) in self.events.iter().enumerate().skip(first) {
            if !page.has_room() {
                return page.full();
            }
            let offset = Offset(index as u64 + 1);
            let connection = event.origin.connection().map(ConnectionId::as_str);
            if filter.matches(&event.event_type(), connection, event.subject.as_deref()) {
                page.take(LoggedEvent { offset, event: event.clone() });
            } else {
                page.skip(offset);
            }
        }
        page.at_end(self.newest())
    }

    /// Drops what no read would show any more; at most once in each interval of retention.
    pub(super) fn forget_expired(&mut self, now: Timestamp) {
        if self.swept_at.is_some_and(|at| now < at.after(limit::RETENTION_INTERVAL)) {
            return;
        }
        self.swept_at = Some(now);
        self.kv.retain(|_, entry| exists(entry, now));
        self.idempotency.retain(|_, record| record.expires_at > now);
        self.marks.retain(|_, day| *day >= now.as_days() - limit::MARK_RETENTION_DAYS);
    }
}

fn exists(entry: &KvEntry, now: Timestamp) -> bool {
    entry.expires_at.is_none_or(|expires_at| expires_at > now)
}
