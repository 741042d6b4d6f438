//! Gives webhooks and calls their places in the order of receipt.

use std::sync::atomic::{AtomicU64, Ordering};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::inbox::Place;

/// The place that was given last.
#[derive(Debug)]
pub struct Places(AtomicU64);

impl Places {
    /// Gives places above this one, which is the highest that any kept webhook has.
    pub const fn starting_after(last: Place) -> Self {
        Self(AtomicU64::new(last.0))
    }

    /// The next place: above every one that was given before.
    pub fn next(&self, now: Timestamp) -> Place {
        let after = |last| Some(Place::after(Place(last), now).0);
        // The closure never declines.
        let last = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, after).unwrap_or_else(|last| last);
        Place::after(Place(last), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_is_given_twice_also_when_the_clock_is_set_back() {
        let kept = Place::after(Place::default(), Timestamp::from_millis(2_000));
        let places = Places::starting_after(kept);
        let given: Vec<_> = [3_000, 3_000, 1, 1, 4_000].map(|at| places.next(Timestamp::from_millis(at))).to_vec();
        assert!(kept < given[0] && given.is_sorted_by(|one, other| one < other), "{given:?}");
    }
}
