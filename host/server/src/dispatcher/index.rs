//! Which subscriptions an event may be for.

use std::collections::{BTreeSet, HashMap};

use hookyard_domain::event::EventOrigin;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::subscription::Subscription;

use crate::tail::TailEvent;

/// Subscriptions by the types that they name, so that an event is compared only with those that may want it.
#[derive(Debug, Default)]
pub(super) struct Index {
    whole: HashMap<String, BTreeSet<SubscriptionId>>,
    /// By what stands before the `*`.
    beginnings: HashMap<String, BTreeSet<SubscriptionId>>,
}

impl Index {
    /// Adds a subscription.
    pub(super) fn insert(&mut self, subscription: &Subscription) {
        for (text, is_whole) in keys(subscription) {
            let map = if is_whole { &mut self.whole } else { &mut self.beginnings };
            map.entry(text.to_owned()).or_default().insert(subscription.id.clone());
        }
    }

    /// Takes a subscription away that was added as it is.
    pub(super) fn remove(&mut self, subscription: &Subscription) {
        for (text, is_whole) in keys(subscription) {
            let map = if is_whole { &mut self.whole } else { &mut self.beginnings };
            if let Some(ids) = map.get_mut(text) {
                ids.remove(&subscription.id);
                if ids.is_empty() {
                    map.remove(text);
                }
            }
        }
    }

    /// Those that name this type.
    pub(super) fn naming(&self, event_type: &str) -> BTreeSet<SubscriptionId> {
        let whole = self.whole.get(event_type).into_iter();
        // Each beginning is looked up, or each is compared, whichever is less.
        let ends = event_type.char_indices().map(|(end, _)| end).chain([event_type.len()]);
        let by_length = ends.filter_map(|end| self.beginnings.get(&event_type[..end]));
        match self.beginnings.len() <= event_type.len() {
            true => {
                let fitting =
                    self.beginnings.iter().filter(|(beginning, _)| event_type.starts_with(beginning.as_str()));
                whole.chain(fitting.map(|(_, ids)| ids)).flatten().cloned().collect()
            }
            false => whole.chain(by_length).flatten().cloned().collect(),
        }
    }
}

fn keys(subscription: &Subscription) -> impl Iterator<Item = (&str, bool)> {
    let types = &subscription.filter.types;
    let any = types.is_empty().then_some(("", false));
    any.into_iter().chain(types.iter().map(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => (beginning, false),
        None => (pattern.as_str(), true),
    }))
}

/// Whether an event is for a subscription, as far as its filter says. What the host tells of a subscription is never for that one.
pub(super) fn is_for(subscription: &Subscription, event: &TailEvent) -> bool {
    event.passes(&subscription.filter) && !is_about(subscription, event)
}

fn is_about(subscription: &Subscription, event: &TailEvent) -> bool {
    let event = &event.logged.event;
    event.origin == EventOrigin::Host
        && matches!(event.kind.as_str(), "delivery.exhausted" | "endpoint.paused")
        && event.subject.as_deref() == Some(subscription.id.as_str())
}
