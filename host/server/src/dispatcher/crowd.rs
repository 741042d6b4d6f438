//! How many deliveries wait to be tried again, over all subscriptions: each takes memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hookyard_domain::limit;

/// All that wait.
#[derive(Debug, Default)]
pub(super) struct Crowd(AtomicUsize);

/// What one subscription has among them; nothing, once it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    crowd: Arc<Crowd>,
    own: usize,
}

impl Share {
    /// Nothing yet.
    pub(super) const fn of(crowd: Arc<Crowd>) -> Self {
        Self { crowd, own: 0 }
    }

    /// It has so many now.
    pub(super) fn set(&mut self, own: usize) {
        self.crowd.0.fetch_add(own, Ordering::Relaxed);
        self.crowd.0.fetch_sub(self.own, Ordering::Relaxed);
        self.own = own;
    }

    /// How many more it may have. Whoever may have no more because of the others has [some](limit::DELIVERIES_PENDING_FEW), and
    /// asks again when one of these is tried.
    pub(super) fn room(&self) -> usize {
        let own = limit::DELIVERIES_PENDING_MAX.saturating_sub(self.own);
        let few = limit::DELIVERIES_PENDING_FEW.saturating_sub(self.own);
        let in_all = limit::DELIVERIES_PENDING_IN_ALL_MAX.saturating_sub(self.crowd.0.load(Ordering::Relaxed));
        own.min(in_all.max(few))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_of_others_leaves_a_few_to_each() {
        let crowd = Arc::new(Crowd::default());
        let mut one = Share::of(Arc::clone(&crowd));
        assert_eq!(one.room(), limit::DELIVERIES_PENDING_MAX);
        one.set(limit::DELIVERIES_PENDING_MAX);
        assert_eq!(one.room(), 0, "its own bound");
        let mut others = Share::of(Arc::clone(&crowd));
        others.set(limit::DELIVERIES_PENDING_IN_ALL_MAX - limit::DELIVERIES_PENDING_MAX - 7);
        let mut third = Share::of(crowd);
        assert_eq!(third.room(), limit::DELIVERIES_PENDING_FEW);
        third.set(limit::DELIVERIES_PENDING_FEW);
        assert_eq!(third.room(), 0, "it has a few, and there is room for none");
        one.set(limit::DELIVERIES_PENDING_MAX - 500);
        assert_eq!(third.room(), 407);
        drop(others);
        assert_eq!(third.room(), limit::DELIVERIES_PENDING_MAX - limit::DELIVERIES_PENDING_FEW);
    }
}
