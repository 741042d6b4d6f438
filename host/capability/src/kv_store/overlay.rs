//! The keys that an invocation has touched: what it read, and what it wants to write.

use std::collections::BTreeMap;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::entropy::Entropy;
use hookyard_domain::kv::Revision;
use hookyard_domain::limit;

use crate::refusal::Refusal;

/// What the key becomes with the commit. Several writes of a key fold into one.
#[derive(Debug)]
pub(crate) enum Change {
    /// It is set.
    Set { value: Vec<u8>, expires_at: Option<Timestamp> },
    /// It is gone.
    Delete,
    /// The committed counter, whatever it is by then, grows.
    Add { by: i64 },
}

/// Lies over the committed keys, for one invocation.
#[derive(Debug)]
pub(crate) struct Overlay {
    keys: BTreeMap<String, Touched>,
    /// Tells this invocation's own revisions from those of any other.
    tag: u64,
    serial: u64,
}

#[derive(Debug, Default)]
pub(super) struct Touched {
    /// The revision of the first read of what is committed (`None` within: no such key).
    pub(super) read: Option<Option<Revision>>,
    pub(super) pending: Option<Change>,
    /// Which of the invocation's writes is the newest of this key.
    pub(super) serial: u64,
    guards: Vec<Option<Revision>>,
    cost: usize,
}

impl Overlay {
    /// Nothing touched.
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut tag = [0; 8];
        entropy.fill(&mut tag);
        Self { keys: BTreeMap::new(), tag: u64::from_le_bytes(tag), serial: 0 }
    }

    /// Counts the key among those that the invocation touches.
    pub(crate) fn touch(&mut self, key: &str) -> Result<(), Refusal> {
        if self.keys.contains_key(key) {
            return Ok(());
        }
        if self.keys.len() >= limit::KV_KEYS_MAX {
            return Err(Refusal::too_many(format!("an invocation may touch {} keys", limit::KV_KEYS_MAX)));
        }
        self.keys.insert(key.to_owned(), Touched::default());
        Ok(())
    }

    /// What the invocation wants of the key so far.
    pub(crate) fn pending(&self, key: &str) -> Option<&Change> {
        self.keys.get(key)?.pending.as_ref()
    }

    /// Bytes of the commit that the key takes so far.
    pub(crate) fn cost(&self, key: &str) -> usize {
        self.keys.get(key).map_or(0, |touched| touched.cost)
    }

    /// Notes a read of what is committed. The first one counts: the author may have decided by it, so if a second read
    /// sees something newer, the key has changed since it was read.
    pub(crate) fn note_read(&mut self, key: &str, revision: Option<Revision>) {
        if let Some(touched) = self.keys.get_mut(key) {
            touched.read.get_or_insert(revision);
        }
    }

    /// Replaces what the invocation wants of a touched key.
    pub(crate) fn change(&mut self, key: &str, change: Change, cost: usize) {
        self.serial += 1;
        if let Some(touched) = self.keys.get_mut(key) {
            touched.pending = Some(change);
            touched.serial = self.serial;
            touched.cost = cost;
        }
    }

    /// Makes the commit depend on the committed revision of a touched key.
    pub(crate) fn guard(&mut self, key: &str, revision: Option<Option<Revision>>) {
        /// Two different revisions can never both hold; a third would say nothing new.
        const GUARDS_MAX: usize = 2;
        let (Some(revision), Some(touched)) = (revision, self.keys.get_mut(key)) else { return };
        if touched.guards.len() < GUARDS_MAX && !touched.guards.contains(&revision) {
            touched.guards.push(revision);
        }
    }

    /// The text that names the key's newest own write, within this invocation only.
    pub(crate) fn own_revision(&self, key: &str) -> String {
        let serial = self.keys.get(key).map_or(0, |touched| touched.serial);
        format!("{}{serial}", self.own_prefix())
    }

    /// What every own revision of this invocation starts with.
    pub(super) fn own_prefix(&self) -> String {
        format!("own-{:016x}-", self.tag)
    }

    pub(super) fn touched(&self, key: &str) -> Option<&Touched> {
        self.keys.get(key)
    }

    /// The touched keys with this prefix that come after `after`, with what is wanted of them.
    pub(super) fn pending_from<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a str, &'a Change)> {
        let from = after.map_or(prefix, |after| after.max(prefix));
        self.keys
            .range::<str, _>((std::ops::Bound::Included(from), std::ops::Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .filter(move |(key, _)| after.is_none_or(|after| key.as_str() > after))
            .filter_map(|(key, touched)| Some((key.as_str(), touched.pending.as_ref()?)))
    }

    /// The guards, and one write for each key that was written.
    pub(crate) fn into_parts(self) -> (Vec<Guard>, Vec<Write>) {
        let (mut guards, mut writes) = (Vec::new(), Vec::new());
        for (key, touched) in self.keys {
            guards.extend(touched.guards.into_iter().map(|revision| Guard::KeyAt { key: key.clone(), revision }));
            writes.extend(touched.pending.map(|change| match change {
                Change::Set { value, expires_at } => Write::Set { key, value, expires_at },
                Change::Delete => Write::Delete { key },
                Change::Add { by } => Write::Increment { key, by },
            }));
        }
        (guards, writes)
    }
}
