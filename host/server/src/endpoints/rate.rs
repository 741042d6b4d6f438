//! How many attempts begin within a while.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::SubscriptionId;

/// Bounds how many attempts of one subscription and key begin within any `while_`. Only those of the last while are remembered.
pub(super) struct Rates<K> {
    while_: Duration,
    keys_max: usize,
    of: Mutex<HashMap<SubscriptionId, Begun<K>>>,
}

/// The attempts of one subscription that began within the last while, or will begin.
struct Begun<K> {
    /// Of each key, the earliest first.
    by_key: HashMap<K, VecDeque<Timestamp>>,
    /// The same, in the order in which they were let in.
    all: VecDeque<(Timestamp, K)>,
}

impl<K: Hash + Eq + Clone> Rates<K> {
    /// Remembers at most `keys_max` keys of a subscription; with more, the oldest count as never seen.
    pub(super) fn new(while_: Duration, keys_max: usize) -> Self {
        Self { while_, keys_max, of: Mutex::default() }
    }

    /// When one more may begin, of which at most `at_most` begin within a while: now, or later. It counts as begun then.
    pub(super) fn take(&self, subscription: &SubscriptionId, key: K, at_most: u32, now: Timestamp) -> Timestamp {
        let over = now.before(self.while_);
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if !of.contains_key(subscription) {
            of.retain(|_, begun| begun.all.back().is_some_and(|(last, _)| *last > over));
        }
        let begun = of.entry(subscription.clone()).or_default();
        begun.forget(over, self.keys_max, &key);
        let times = begun.by_key.entry(key.clone()).or_default();
        let at_most = usize::try_from(at_most.max(1)).unwrap_or(usize::MAX);
        let at = match times.len().checked_sub(at_most).and_then(|place| times.get(place)) {
            Some(first) => first.after(self.while_).max(now),
            None => now,
        };
        times.push_back(at);
        begun.all.push_back((at, key));
        at
    }
}

impl<K> Default for Begun<K> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), all: VecDeque::new() }
    }
}

impl<K: Hash + Eq> Begun<K> {
    /// Forgets what began at `over` or before, and as many of the oldest as there are too many for `new`.
    fn forget(&mut self, over: Timestamp, keys_max: usize, new: &K) {
        while let Some((at, key)) = self.all.front() {
            let too_many = self.by_key.len() >= keys_max && !self.by_key.contains_key(new);
            if *at > over && !too_many {
                return;
            }
            if let Some(times) = self.by_key.get_mut(key) {
                times.pop_front();
                if times.is_empty() {
                    self.by_key.remove(key);
                }
            }
            self.all.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn id(name: &str) -> SubscriptionId {
        name.parse().expect("valid")
    }

    #[test]
    fn only_so_many_begin_within_any_while_and_the_others_after_it() {
        let rates = Rates::new(Duration::from_secs(60), 10);
        let mut begins = |now| rates.take(&id("a"), "c1", 3, at(now)).as_millis();
        assert_eq!([begins(0), begins(10), begins(20)], [0, 10, 20]);
        assert_eq!([begins(30), begins(30)], [60_000, 60_010]);
        assert_eq!(begins(60_015), 60_020, "what was promised counts");
        assert_eq!(begins(130_000), 130_000);
    }

    #[test]
    fn subjects_and_subscriptions_do_not_wait_for_each_other() {
        let rates = Rates::new(Duration::from_secs(60), 10);
        assert_eq!(rates.take(&id("a"), "c1", 1, at(0)), at(0));
        assert_eq!(rates.take(&id("a"), "c2", 1, at(1)), at(1));
        assert_eq!(rates.take(&id("b"), "c1", 1, at(2)), at(2));
        assert_eq!(rates.take(&id("a"), "c1", 1, at(3)), at(60_000));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let rates = Rates::new(Duration::from_secs(60), 3);
        for number in 0..1_000 {
            rates.take(&id("a"), number, 1, at(number));
        }
        assert_eq!(rates.of.lock().expect("no panic")[&id("a")].by_key.len(), 3);
        assert_eq!(rates.take(&id("a"), 999, 1, at(1_000)), at(60_999), "the newest are known");
        assert_eq!(rates.take(&id("a"), 1, 1, at(1_000)), at(1_000), "the oldest are forgotten");
        rates.take(&id("b"), 1, 1, at(200_000));
        let of = rates.of.lock().expect("no panic");
        assert_eq!((of.len(), of[&id("b")].all.len()), (1, 1), "and so is a subscription that is idle");
    }
}
