//! What the store in memory remembers, and how a commit changes it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Commit, Committed, Guard, MarkKey, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::event::{Event, EventFilter, LoggedEvent, Offset};
use hookyard_domain::id::{ConnectionId, PluginName, SubscriptionId, TokenId, WebhookId};
use hookyard_domain::idempotency::{IdempotencyId, IdempotencyRecord};
use hookyard_domain::inbox::{InboxEntry, Place};
use hookyard_domain::kv::KvEntry;
use hookyard_domain::limit;
use hookyard_domain::timer::{Generation, Timer};

use super::deliveries::KeptDeliveries;
use super::staged::Staged;
use super::subscriptions::KeptSubscription;
use crate::inbox_room::InboxRoom;
use crate::pages::{EventPageBuilder, KeyPageBuilder};
use crate::{
    ApiToken, CommitError, ConnectionRecord, Consent, EventPage, FetchedToken, HeldVersion, InboxSettings, KeyPage,
    Life, PluginState,
};

/// Whose it is; `None`: the host's.
pub(super) type Whose = Option<ConnectionId>;
type KvKey = (Whose, String);

/// Everything that a [`MemoryStore`](super::MemoryStore) remembers.
pub(super) struct State {
    /// The event at offset `n` is at index `n - 1`.
    pub(super) events: Vec<Event>,
    /// The newest day under which each mark was set.
    marks: HashMap<MarkKey, i64>,
    pub(super) kv: BTreeMap<KvKey, KvEntry>,
    pub(super) idempotency: BTreeMap<(Whose, IdempotencyId), IdempotencyRecord>,
    /// The number given last, to a revision or a generation.
    number: u64,
    pub(super) inbox: BTreeMap<Place, InboxEntry>,
    /// Where each entry of the inbox stands.
    pub(super) places: HashMap<WebhookId, Place>,
    pub(super) room: InboxRoom<ConnectionId>,
    pub(super) settled_retention: Duration,
    pub(super) timers: BTreeMap<(ConnectionId, String), Timer>,
    swept_at: Option<Timestamp>,
    pub(super) host_keys: HashMap<String, [u8; 32]>,
    pub(super) tokens: BTreeMap<TokenId, ApiToken>,
    pub(super) consents: BTreeMap<ConnectionId, Consent>,
    pub(super) plugin_states: BTreeMap<PluginName, PluginState>,
    pub(super) records: BTreeMap<ConnectionId, ConnectionRecord>,
    pub(super) held: BTreeMap<ConnectionId, HeldVersion>,
    pub(super) fetched_tokens: BTreeMap<(ConnectionId, [u8; 16]), FetchedToken>,
    pub(super) lives: BTreeMap<ConnectionId, Life>,
    pub(super) subscriptions: BTreeMap<SubscriptionId, KeptSubscription>,
    pub(super) deliveries: KeptDeliveries,
}

impl State {
    /// Nothing is remembered yet.
    pub(super) fn new(inbox: InboxSettings) -> Self {
        Self {
            events: Vec::new(),
            marks: HashMap::new(),
            kv: BTreeMap::new(),
            idempotency: BTreeMap::new(),
            number: 0,
            inbox: BTreeMap::new(),
            places: HashMap::new(),
            room: InboxRoom::new(inbox.bounds, HashMap::new()),
            settled_retention: inbox.settled_retention,
            timers: BTreeMap::new(),
            swept_at: None,
            host_keys: HashMap::new(),
            tokens: BTreeMap::new(),
            consents: BTreeMap::new(),
            plugin_states: BTreeMap::new(),
            records: BTreeMap::new(),
            held: BTreeMap::new(),
            fetched_tokens: BTreeMap::new(),
            lives: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            deliveries: KeptDeliveries::default(),
        }
    }

    /// Everything of the commit, or nothing of it.
    pub(super) fn apply(&mut self, commit: &Commit) -> Result<Committed, CommitError> {
        if !self.is_alive(&commit.owner) {
            return Err(CommitError::Gone);
        }
        for guard in &commit.guards {
            self.check(commit, guard)?;
        }
        let staged = Staged::of(commit, self)?;
        let mut committed = self.write_staged(staged);
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
                // Staged, and written already.
                Write::Set { .. }
                | Write::Delete { .. }
                | Write::Increment { .. }
                | Write::Keep { .. }
                | Write::Settle { .. }
                | Write::StartTimer { .. }
                | Write::CancelTimer { .. }
                | Write::SettleTimer { .. } => {}
                Write::Advance(position) => self.advance(position),
                Write::Deliver(delivery) => self.deliver(delivery),
                Write::ForgetDeliveries { subscription, after } => self.deliveries.forget_after(subscription, *after),
            }
        }
        Ok(committed)
    }

    fn write_staged(&mut self, staged: Staged<'_>) -> Committed {
        let Staged { whose, keys, webhooks, timers, generations, room, .. } = staged;
        for (key, entry) in keys {
            match entry {
                Some(entry) => self.kv.insert((whose.clone(), key), entry),
                None => self.kv.remove(&(whose.clone(), key)),
            };
        }
        for (place, entry) in webhooks {
            self.places.insert(entry.webhook.id, place);
            self.inbox.insert(place, entry);
        }
        if let (Some(connection), Some(room)) = (whose, room) {
            for (name, timer) in timers {
                match timer {
                    Some(timer) => self.timers.insert((connection.clone(), name), timer),
                    None => self.timers.remove(&(connection.clone(), name)),
                };
            }
            self.room.set(connection, room);
        }
        Committed { timers: generations, ..Committed::default() }
    }

    /// A number that was never given before.
    pub(super) const fn number(&mut self) -> u64 {
        self.number += 1;
        self.number
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
            Guard::NotKept(mark) if self.kept(*mark).is_some() => Err(CommitError::KeptAlready),
            Guard::WebhookAt { id, version } if !self.is_webhook_at(&commit.owner, *id, *version) => {
                Err(CommitError::Moved)
            }
            Guard::TimerAt { name, generation, version }
                if !self.is_timer_at(&commit.owner, name, *generation, *version) =>
            {
                Err(CommitError::Moved)
            }
            Guard::MarkAbsent(_)
            | Guard::KeyAt { .. }
            | Guard::NotKept(_)
            | Guard::WebhookAt { .. }
            | Guard::TimerAt { .. } => Ok(()),
        }
    }

    fn is_webhook_at(&self, owner: &Owner, id: WebhookId, version: u32) -> bool {
        let of_owner = self.webhook(id).filter(|entry| Some(&entry.webhook.connection) == owner.connection());
        of_owner.is_some_and(|entry| entry.version == version)
    }

    fn is_timer_at(&self, owner: &Owner, name: &str, generation: Generation, version: u32) -> bool {
        let timer = owner.connection().and_then(|connection| self.timers.get(&(connection.clone(), name.to_owned())));
        timer.is_some_and(|timer| (timer.generation, timer.version) == (generation, version))
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
        self.forget_settled(now);
        self.forget_settled_deliveries(now);
        self.marks.retain(|_, day| *day >= now.as_days() - limit::MARK_RETENTION_DAYS);
    }
}

/// Whether an entry has not expired.
pub(super) fn exists(entry: &KvEntry, now: Timestamp) -> bool {
    entry.expires_at.is_none_or(|expires_at| expires_at > now)
}
