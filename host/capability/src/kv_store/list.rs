//! `list-keys`: committed keys and the invocation's own, as one list.

use std::collections::BTreeSet;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::limit;

use crate::effects::Effects;
use crate::refusal::{HostFailure, Refusal};

use super::overlay::Change;
use super::{Answer, KeyPage, granted, is_over};

impl Effects {
    /// Up to `max` keys with this prefix after `after`, in byte order. Not a read: no later write depends on it.
    pub async fn kv_list_keys(&mut self, prefix: &str, after: Option<&str>, max: u32) -> Answer<KeyPage> {
        let max = granted!(check_page(prefix, after, max));
        let now = self.services.clock.now();
        let (own, gone) = self.own_keys(prefix, after, now);
        let mut keys: BTreeSet<String> = own.iter().map(|&key| key.to_owned()).collect();
        let mut from = after.map(str::to_owned);
        let mut found = 0;
        let looked_at = max.saturating_add(gone.len()).min(limit::KV_PAGE_MAX);
        // Committed keys that this invocation deletes take no place on the page, so look on until it is full.
        let end = loop {
            let ledger = &self.services.ledger;
            let page = ledger.keys(&self.scope.connection, prefix, from.as_deref(), looked_at, now).await;
            let page = page.map_err(|error| HostFailure::new("listing keys", error))?;
            let kept = page.keys.into_iter().filter(|key| !gone.contains(key.as_str()));
            found += kept.map(|key| keys.insert(key)).count();
            match page.next {
                Some(_) if found >= max => break page.next,
                Some(next) => from = Some(next),
                None => break None,
            }
        };
        Ok(Ok(cut(keys, end.as_deref(), max)))
    }

    /// The keys that this invocation has written and that exist, and those that do not exist any more.
    fn own_keys<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        now: Timestamp,
    ) -> (BTreeSet<&'a str>, BTreeSet<String>) {
        let (mut own, mut gone) = (BTreeSet::new(), BTreeSet::new());
        for (key, change) in self.kv.pending_from(prefix, after) {
            match change {
                Change::Delete => drop(gone.insert(key.to_owned())),
                Change::Set { expires_at, .. } if is_over(*expires_at, now) => drop(gone.insert(key.to_owned())),
                Change::Set { .. } | Change::Add { .. } => drop(own.insert(key)),
            }
        }
        (own, gone)
    }
}

/// The first `max` of `keys`, none of them beyond `end`: what lies there has not been looked at.
fn cut(keys: BTreeSet<String>, end: Option<&str>, max: usize) -> KeyPage {
    let total = keys.len();
    let keys: Vec<String> =
        keys.into_iter().take_while(|key| end.is_none_or(|end| key.as_str() <= end)).take(max).collect();
    let more = end.is_some() || keys.len() < total;
    let next = if more { keys.last().cloned() } else { None };
    KeyPage { keys, next }
}

fn check_page(prefix: &str, after: Option<&str>, max: u32) -> Result<usize, Refusal> {
    for (what, text) in [("prefix", prefix), ("after", after.unwrap_or_default())] {
        if text.len() > limit::KV_KEY_BYTES_MAX {
            let (bytes, most) = (text.len(), limit::KV_KEY_BYTES_MAX);
            return Err(Refusal::too_large(format!("{what} has {bytes} bytes; no key is longer than {most}")));
        }
    }
    match usize::try_from(max).unwrap_or(usize::MAX) {
        0 => Err(Refusal::invalid("max is 0; ask for one key or more")),
        max => Ok(max.min(limit::KV_PAGE_MAX)),
    }
}
